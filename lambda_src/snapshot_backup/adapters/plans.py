"""Finds the plan of a run that another execution of the same slot may have begun."""

from shared.clients import client
from shared.operations.adapters.plans import Files
from shared.operations.plan import Plan


def find(files: Files) -> Plan | None:
    """Return a run's plan, None if it has none yet: S3 says so to those who may list the bucket."""
    try:
        return files.plan()
    except client("s3").exceptions.NoSuchKey:
        return None
