"""Runs the commands of others: in processes of this machine that write to one folder only, and end when told to."""

from scripts.local_engine.sandbox.shell import Ended, Shell

__all__ = ["Ended", "Shell"]
