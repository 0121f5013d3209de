"""Triage of failure queues: `python -m scripts.failure_queue`."""
