"""Reads CSV into records: each row becomes a JSON object of the header's names, an empty cell becomes null.

Rows pass one at a time, each with the bytes it came from, so that a broken one is located by its first line.
A quote that never closes is cut off at the record limit. Source: RFC 4180.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson
import pyarrow as pa

from hydrometer.collect.reading import UnreadableError
from hydrometer.collect.records import HOLDS_NUL, LONGEST_RECORD_BYTES, NOT_UTF8, TOO_LONG, Batch

_CELL_LIMIT = LONGEST_RECORD_BYTES


@dataclass(slots=True)
class Lines:
    """Text lines of a byte stream; remembers those of the row that is being read."""

    stream: Iterator[bytes]
    taken: list[str] = field(default_factory=list)
    number: int = 0
    ending: str | None = None

    def __iter__(self) -> Iterator[str]:
        rest = b""
        try:
            for chunk in self.stream:
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (self._next(line + b"\n") for line in lines)
                if len(rest) > LONGEST_RECORD_BYTES:  # handed on in pieces: the row is rejected for its length
                    yield self._next(rest)
                    rest = b""
        except UnreadableError as problem:
            self.ending = str(problem)
        if rest:
            yield self._next(rest)

    def _next(self, raw: bytes) -> str:
        self.number += raw.endswith(b"\n") or not self.taken
        text = raw.decode("utf-8", "surrogateescape")
        self.taken.append(text)
        return text

    def take(self) -> bytes:
        """The bytes read since the last call."""
        raw = "".join(self.taken).encode("utf-8", "surrogateescape")
        self.taken.clear()
        return raw


def header_of(first: bytes) -> tuple[str, ...]:
    """Column names in the first line of a CSV file."""
    text = first.split(b"\n", 1)[0].decode("utf-8-sig", "replace").rstrip("\r")
    return tuple(next(csv.reader([text]), ()))


def csv_batches(stream: Iterator[bytes]) -> Iterator[pa.RecordBatch]:
    """Batches of `records.SCHEMA`, one row a CSV row after the header; `position` is its first line from 1."""
    lines = Lines(stream)
    before = csv.field_size_limit(_CELL_LIMIT)
    try:
        yield from _rows(lines)
    finally:
        csv.field_size_limit(before)


def _rows(lines: Lines) -> Iterator[pa.RecordBatch]:
    batch = Batch()
    reader = csv.reader(iter(lines), strict=True)
    header: tuple[str, ...] | None = None
    while True:
        first = lines.number + 1
        cells: list[str] = []
        reason: str | None = None
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as problem:
            reason = TOO_LONG if "limit" in str(problem) else "is not valid CSV (quotes)"
        raw = lines.take()
        if header is None:
            header = tuple(name.removeprefix("\ufeff") for name in cells)
            continue
        if not cells and reason is None:
            continue
        reason = reason or _flaw(raw, len(cells), len(header))
        if reason is not None:
            batch.reject(first, reason, hashlib.sha256(raw).hexdigest())
        else:
            row = {name: cell or None for name, cell in zip(header, cells, strict=True)}
            batch.add(first, orjson.dumps(row))
        if batch.full:
            yield batch.take()
    if lines.ending is not None:
        batch.reject(lines.number + 1, lines.ending, None)
    if batch.rows:
        yield batch.take()


def _flaw(raw: bytes, cells: int, columns: int) -> str | None:
    if len(raw) > LONGEST_RECORD_BYTES:
        return TOO_LONG
    if b"\0" in raw:
        return HOLDS_NUL
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return NOT_UTF8
    return None if cells == columns else f"has {cells} cells where the header has {columns}"
