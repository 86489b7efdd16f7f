"""The form in which every reader hands on what it read: Arrow batches of records, broken ones among them.

A record is the JSON text of one row. A row that cannot be made one has no record but a reason, so that it is counted
and located with the rest. Positions are line numbers where a line is a record, else ordinals of records, both from 1;
`item` tells apart several records of one position.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

LONGEST_RECORD_BYTES = 16 << 20
TOO_LONG = f"is longer than {LONGEST_RECORD_BYTES >> 20} MiB"
NOT_UTF8 = "is not valid UTF-8"
HOLDS_NUL = "holds NUL bytes"
SCHEMA = pa.schema(
    {
        "position": pa.int64(),
        "item": pa.int64(),
        "record": pa.string(),
        "reason": pa.string(),
        "sha256": pa.string(),
    }
)
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
"""Escapes of JSON in order of reading: a surrogate pair, half of one, any other."""
_REPLACEMENT = rb"\ufffd"
BATCH_ROWS = 2048
BATCH_BYTES = 8 << 20


@dataclass(slots=True)
class Batch:
    """Rows collected until there are enough for an Arrow batch."""

    rows: list[tuple[int, int, bytes | None, str | None, str | None]] = field(default_factory=list)
    held_bytes: int = 0

    def add(self, position: int, raw: bytes, item: int = 0) -> None:
        """A record as raw bytes, mended; a rejected row where it is too long, not UTF-8 or holds NUL bytes."""
        reason = flaw(raw)
        if reason is None:
            self.rows.append((position, item, mended(raw), None, None))
            self.held_bytes += len(raw)
        else:
            self.reject(position, reason, hashlib.sha256(raw).hexdigest(), item)

    def reject(self, position: int, reason: str, sha256: str | None, item: int = 0) -> None:
        """A row without a record, and why."""
        self.rows.append((position, item, None, reason, sha256))

    @property
    def full(self) -> bool:
        """Whether it is time to hand on the batch."""
        return len(self.rows) >= BATCH_ROWS or self.held_bytes >= BATCH_BYTES

    def take(self) -> pa.RecordBatch:
        """The Arrow batch; this one is empty afterwards."""
        columns = list(zip(*self.rows, strict=True)) or [()] * len(SCHEMA)
        self.rows, self.held_bytes = [], 0
        return pa.record_batch(
            [pa.array(column, type=kind.type) for column, kind in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
        )


def flaw(raw: bytes) -> str | None:
    """Why these bytes cannot be a record's text, or None."""
    if len(raw) > LONGEST_RECORD_BYTES:
        return TOO_LONG
    if b"\0" in raw:
        return HOLDS_NUL
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return NOT_UTF8
    return None


def mended(raw: bytes) -> bytes:
    """A record in which no escape stands for half a character: each such half becomes U+FFFD.

    Whoever can send half a surrogate pair in a prompt could make a record that no JSON parser takes, and so hide it.

    >>> mended(b'"\\\\ud83d\\\\ude00 \\\\ud83d \\\\\\\\ud83d"') == b'"\\\\ud83d\\\\ude00 \\\\ufffd \\\\\\\\ud83d"'
    True
    """
    if b"\\ud" not in raw and b"\\uD" not in raw:
        return raw
    return _ESCAPE.sub(lambda found: _REPLACEMENT if found.lastgroup else found[0], raw)


def rows_of(batches: Iterator[pa.RecordBatch], limit: int) -> list[dict[str, object]]:
    """The first `limit` rows of batches, as dictionaries."""
    rows: list[dict[str, object]] = []
    for batch in batches:
        rows += batch.slice(0, limit - len(rows)).to_pylist()
        if len(rows) >= limit:
            break
    return rows
