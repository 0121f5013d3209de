"""Objects of unknown size are written whole or not at all."""

from collections.abc import Iterator

import pytest

from etl_pipeline.adapters.objects import ObjectWriter, ranges
from shared.clients import client
from tests.unit.etl_pipeline.pipeline import BUCKET, Pipeline

PART = b"x" * (5 << 20)


def test_a_large_object_is_written_in_parts(pipeline: Pipeline) -> None:
    with ObjectWriter(BUCKET, "runs/large") as writer:
        for number in range(4):
            writer.write(PART + str(number).encode())
    assert pipeline.read("runs/large") == b"".join(PART + str(number).encode() for number in range(4))


@pytest.mark.parametrize("blocks", [1, 3])
def test_after_an_error_nothing_is_left(pipeline: Pipeline, blocks: int) -> None:
    def parts() -> Iterator[bytes]:
        yield from [PART] * blocks
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), ObjectWriter(BUCKET, "runs/large") as writer:
        list(writer.copying(parts()))
    assert pipeline.keys("runs/") == []
    assert "Uploads" not in client("s3").list_multipart_uploads(Bucket=BUCKET)


def test_an_object_is_read_in_ranges(pipeline: Pipeline) -> None:
    pipeline.upload("runs/digits", "0123456789")
    assert list(ranges(BUCKET, "runs/digits", 10, 4)) == [b"0123", b"4567", b"89"]
    assert list(ranges(BUCKET, "runs/nothing", 0, 4)) == []
