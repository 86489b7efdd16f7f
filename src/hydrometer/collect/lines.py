"""Splits a stream of bytes into lines, one record each: JSON lines of any size, in bounded memory.

A chunk without a flaw is handed on as it is; only a chunk that holds invalid UTF-8, NUL bytes or a very long line is
looked at line by line. A line longer than the limit is hashed and dropped as it passes, so a file that is one endless
line costs no memory. Source: JSON Lines (a line is a value, UTF-8, `\\n` or `\\r\\n`), RFC 8259.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pyarrow as pa

from hydrometer.collect.reading import UnreadableError
from hydrometer.collect.records import LONGEST_RECORD_BYTES, SCHEMA, TOO_LONG, Batch, flaw, mended

BLANK = b" \t\r"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def line_batches(stream: Iterator[bytes]) -> Iterator[pa.RecordBatch]:
    """Batches of `records.SCHEMA`, one row a line that is not blank; `position` is the line's number from 1.

    A stream that breaks off ends in a rejected row of its own.
    """
    position, rest = 1, b""
    overlong: hashlib._Hash | None = None  # digest of a line over the limit that is passing by
    batch = Batch()
    try:
        for chunk in stream:
            lines = chunk.split(b"\n")
            if overlong is not None:
                overlong.update(lines[0])
                if len(lines) == 1:
                    continue
                batch.reject(position, TOO_LONG, overlong.hexdigest())
                overlong, lines, position = None, lines[1:], position + 1
            else:
                lines[0] = rest + lines[0]
            rest = lines.pop()
            yield from _pack(lines, position, batch)
            position += len(lines)
            if len(rest) > LONGEST_RECORD_BYTES:
                overlong, rest = hashlib.sha256(rest), b""
    except UnreadableError as problem:
        if rest.strip(BLANK):
            batch.reject(position, f"cut off: {problem}", hashlib.sha256(rest).hexdigest())
            position, rest = position + 1, b""
        batch.reject(position, str(problem), None)
    if overlong is not None:
        batch.reject(position, TOO_LONG, overlong.hexdigest())
    yield from _pack([rest], position, batch)
    if batch.rows:
        yield batch.take()


def _pack(lines: list[bytes], first: int, batch: Batch) -> Iterator[pa.RecordBatch]:
    """One Arrow batch of whole lines; row by row only where something is wrong with one of them."""
    if first == 1 and lines and lines[0].startswith(BYTE_ORDER_MARK):
        lines[0] = lines[0].removeprefix(BYTE_ORDER_MARK)
    kept = [(first + index, line) for index, line in enumerate(lines) if line.strip(BLANK)]
    if not kept:
        return
    if batch.rows or flaw(b"\n".join(lines)) is not None:
        for position, line in kept:
            batch.add(position, line.rstrip(b"\r"))
        yield batch.take()
        return
    positions, texts = zip(*kept, strict=True)
    yield pa.record_batch(
        [
            pa.array(positions, pa.int64()),
            pa.array([0] * len(kept), pa.int64()),
            pa.array([mended(line.rstrip(b"\r")) for line in texts], pa.string()),
            pa.nulls(len(kept), pa.string()),
            pa.nulls(len(kept), pa.string()),
        ],
        schema=SCHEMA,
    )
