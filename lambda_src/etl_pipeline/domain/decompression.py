"""Decompresses gzip as a stream in flat memory, never more than the limit."""

import zlib
from collections.abc import Iterable, Iterator

from etl_pipeline.domain.errors import NotGzip, ObjectTooLarge, TruncatedFile

_GZIP = zlib.MAX_WBITS | 16


def inflate(blocks: Iterable[bytes], limit: int, block_size: int) -> Iterator[bytes]:
    """Yield the decompressed bytes of one or several gzip members, in blocks of at most `block_size`.

    Raises `NotGzip`, `TruncatedFile`, or `ObjectTooLarge` as soon as more than `limit` bytes came out:
    a small archive of zeros cannot fill the memory or the bucket.
    """
    member, total = zlib.decompressobj(_GZIP), 0
    for block in blocks:
        pending = block
        while pending:
            if member.eof:
                if not pending.strip(b"\0"):
                    break  # archivers pad with zeros
                member = zlib.decompressobj(_GZIP)
            plain = _decompress(member, pending, block_size)
            pending = member.unconsumed_tail or member.unused_data
            total += len(plain)
            if total > limit:
                raise ObjectTooLarge(f"the file is larger than {limit:,} bytes when decompressed")
            yield plain
    if not member.eof:
        raise TruncatedFile("the file ends in the middle of its gzip stream")


def _decompress(member: "zlib._Decompress", data: bytes, block_size: int) -> bytes:
    try:
        return member.decompress(data, block_size)
    except zlib.error as problem:
        raise NotGzip(f"the file is not a gzip stream, or a damaged one: {problem}") from problem
