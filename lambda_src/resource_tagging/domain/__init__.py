"""Whose a resource is, without AWS: what CloudTrail recorded, read and judged."""
