"""Reads what the functions of one chunk need from S3; apart from `run_files`, which would slow their start."""

from functools import lru_cache

from etl_pipeline.adapters import objects
from etl_pipeline.domain.job import Job
from etl_pipeline.domain.places import RunPlaces


@lru_cache(maxsize=1)
def job_of(bucket: str, places: RunPlaces) -> Job:
    """Return the run's job; a process that works on the same run again has it already."""
    return Job.from_document(objects.read_json(bucket, places.job))


def put_requests(bucket: str, places: RunPlaces, number: int) -> list[str]:
    """Return a chunk's staged put requests."""
    return objects.read(bucket, places.staged(number)).decode().split("\n")[:-1]  # nothing follows the last line's end
