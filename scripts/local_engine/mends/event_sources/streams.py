"""Streams of tables as event sources: records are read in order, one batch at a time."""

import time
from typing import Any

from ministack.services import dynamodb, lambda_svc

from scripts.local_engine.mends.event_sources import filters
from scripts.local_engine.mends.event_sources.polling import Mapping, Slots, each_mapping
from scripts.local_engine.mends.event_sources.settings import MAX_BATCH
from scripts.local_engine.mends.event_sources.stream_batches import Batch, Records, Stopped
from scripts.local_engine.patching import replace

_slots = Slots()


def apply() -> None:
    """Apply the mends of this file."""
    replace(lambda_svc, "_poll_dynamodb_streams", poll)


def poll() -> bool:
    """Start reading every stream that has records and is not being read; return whether there was any.

    AWS: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html#dynamodb-polling-and-batching
    Engine: no batching window; while a function worked on a stream's records, no other queue or stream was polled.
    Not mended: a ParallelizationFactor is kept and means nothing; a stream's batches are processed one after the other.
    """
    return True in [_poll(mapping) for mapping in each_mapping("dynamodb")]


def _poll(mapping: Mapping) -> bool:
    table = _table(mapping)
    if table is None or _slots.taken(mapping.key) or not _read(mapping, table, 1):
        return False
    _slots.run(mapping.key, _follow, mapping, table)
    return True


def _table(mapping: Mapping) -> str | None:
    name = mapping.source.split("table/", 1)[1].split("/", 1)[0]
    return name if (dynamodb._tables.get(name) or {}).get("LatestStreamArn") == mapping.source else None


def _follow(mapping: Mapping, table: str) -> None:
    """Settle the batches that are there."""
    try:
        while mapping.in_use() and (records := _gather(mapping, table)):
            wanted = [record for record in records if filters.matches(record, mapping.record)]
            Batch(mapping, lambda sequence: _advance(mapping, table, sequence)).settle(wanted)
            _advance(mapping, table, records[-1]["dynamodb"]["SequenceNumber"])
    except Stopped:
        return


def _gather(mapping: Mapping, table: str) -> Records:
    """Read a batch: full, or what came within the batching window."""
    deadline = time.monotonic() + mapping.window
    while len(records := _read(mapping, table, mapping.batch_size)) < mapping.batch_size:
        if not mapping.wait_until(deadline):
            break
    return records


def _position(mapping: Mapping, table: str) -> int:
    known: int = lambda_svc._dynamodb_stream_positions.get(mapping.key, 0)
    return max(known, int(dynamodb.stream_start_position(table)))


def _read(mapping: Mapping, table: str, number: int) -> Records:
    records: list[dict[str, Any]] = dynamodb.stream_records_since(table, _position(mapping, table), number)
    return records


def _advance(mapping: Mapping, table: str, sequence: str) -> None:
    """Go on behind the record with that sequence number; every earlier one is settled."""
    with lambda_svc._dynamodb_stream_positions_lock:
        position = _position(mapping, table)
        numbers = [each["dynamodb"]["SequenceNumber"] for each in _read(mapping, table, MAX_BATCH)]
        if mapping.exists() and sequence in numbers:
            lambda_svc._dynamodb_stream_positions[mapping.key] = position + numbers.index(sequence) + 1
