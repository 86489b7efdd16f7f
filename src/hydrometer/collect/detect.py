"""Says which kind of file it is and which mapping pack reads it, from its first bytes and records, never from its name.

Each pack's predicates are tried on the first records; the pack that recognises most of them wins. No pack, or two that
recognise equally many, is said with all that was looked for, and `--format` decides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.collect.comma_values import csv_batches, header_of
from hydrometer.collect.documents import document_batches
from hydrometer.collect.lines import line_batches
from hydrometer.collect.mapping_pack import Pack
from hydrometer.collect.reading import PARQUET_MAGIC, UnreadableError, check_readable, chunks, compression, head
from hydrometer.collect.records import rows_of
from hydrometer.collect.span_messages import looks_like_protobuf, message_batches
from hydrometer.collect.spans import MISSHAPEN, flatten, span_batches

SAMPLE_RECORDS = 50
PARQUET, PROTOBUF, LINES, DOCUMENT, COMMA_VALUES = "Parquet", "OTLP protobuf", "JSON lines", "JSON", "CSV"
_PATTERN = re.compile(r"[*?\[{]")
"""Characters in a path that the engine would take for a pattern, or that stand for a table in our SQL."""
_MARKUP = "is a page of markup (an error page?), not a log"
_NO_COPY = "is compressed and would have to be unpacked to disk, which a content-free scan does not do: unpack it"
_NO_KIND = "is neither JSON, CSV, Parquet nor OTLP protobuf"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a file is.

    Attributes:
        kind: one of the kinds above.
        path: plain file to read (decompressed where the reader must seek), else the file itself.
    """

    kind: str
    path: Path


def shape_of(path: Path, spool_folder: Path, *, copies: bool = True) -> Shape:
    """The kind of a file by its content.

    Args:
        path: the file.
        spool_folder: where a plain copy goes of a compressed file in which the reader must seek.
        copies: whether such a copy may be made; a content-free scan makes none.

    Raises:
        UnreadableError: it cannot be read, is empty, is of no known kind, or would have to be copied.
    """
    check_readable(path)
    first = head(path)
    if not first.strip():
        raise UnreadableError("the file is empty")
    kind = _kind(first)
    if kind in (PARQUET, PROTOBUF) and compression(path) is not None:
        if not copies:
            raise UnreadableError(_NO_COPY)
        plain = spool_folder / f"plain-{len(list(spool_folder.iterdir()))}"
        with plain.open("wb") as file:
            file.writelines(chunks(path))
        return Shape(kind, plain)
    if kind == PARQUET and _PATTERN.search(str(path)):
        link = spool_folder / f"link-{len(list(spool_folder.iterdir()))}"
        link.symlink_to(path.absolute())
        return Shape(kind, link)
    return Shape(kind, path)


def _kind(first: bytes) -> str:
    if first.startswith(PARQUET_MAGIC):
        return PARQUET
    if looks_like_protobuf(first):
        return PROTOBUF
    text = first.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] == b"[":
        return DOCUMENT
    if text[:1] == b"{":
        return LINES if _is_line_oriented(text) else DOCUMENT
    if text[:1] == b"<":
        raise UnreadableError(_MARKUP)
    names = header_of(text)
    if len(names) > 1 and all(name.strip() for name in names):
        return COMMA_VALUES
    if b"\n{" in text:  # broken first lines, records after them
        return LINES
    raise UnreadableError(_NO_KIND)


def _is_line_oriented(text: bytes) -> bool:
    """Whether a line is a record: not so where the first line leaves an object open in the way printers do."""
    lines = [line.strip() for line in text.split(b"\n", 2)[:2]]
    if any(_is_object(line) for line in lines):
        return True
    return len(lines) == 1 or not lines[0].endswith((b"{", b"[", b","))


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def record_batches(shape: Shape, otlp: bool) -> Iterator[pa.RecordBatch]:
    """Batches of records of a file that is not Parquet; with `otlp`, of its spans and log records."""
    if shape.kind == PROTOBUF:
        return message_batches(shape.path)
    stream = chunks(shape.path)
    if shape.kind == COMMA_VALUES:
        return csv_batches(stream)
    batches = line_batches(stream) if shape.kind == LINES else document_batches(stream)
    return span_batches(batches) if otlp else batches


def sample_records(shape: Shape) -> list[dict[str, Any]]:
    """The first records of a file as objects; spans and log records of an OTLP file are flattened."""
    if shape.kind == PARQUET:
        return [dict.fromkeys(pq.read_schema(shape.path).names)]
    found: list[dict[str, Any]] = []
    for row in rows_of(record_batches(shape, otlp=False), SAMPLE_RECORDS):
        try:
            record = orjson.loads(str(row["record"])) if row["record"] is not None else None
        except orjson.JSONDecodeError:
            record = None
        if isinstance(record, dict):
            found += _flattened(record) if shape.kind != PROTOBUF else [record]
    return found[:SAMPLE_RECORDS]


def _flattened(record: dict[str, Any]) -> list[dict[str, Any]]:
    if not ({"resourceSpans", "resourceLogs"} & record.keys()) and not isinstance(record.get("attributes"), list):
        return [record]
    try:
        return list(flatten(record))
    except MISSHAPEN:
        return []


def detect(records: list[dict[str, Any]], packs: Mapping[str, Pack]) -> Pack:
    """The pack that recognises most of the records.

    Raises:
        UnreadableError: none does, or several do equally.
    """
    if not records:
        raise UnreadableError("no line of its beginning is a JSON object")
    votes: Counter[str] = Counter()
    for record in records:
        matching = {name for name, pack in packs.items() if matches(pack, record)}
        votes.update(name for name in matching if not matching & set(packs[name].detect.yields_to))
    if not votes:
        raise UnreadableError(f"no known format: {looked_for(packs)}")
    best = max(votes.values())
    winners = sorted(name for name, count in votes.items() if count == best)
    if len(winners) > 1:
        raise UnreadableError(f"could be {' or '.join(winners)}: --format decides")
    return packs[winners[0]]


def matches(pack: Pack, record: dict[str, Any]) -> bool:
    """Whether a pack's predicates hold for a record."""
    if any(_has(record, key) for key in pack.detect.none_of):
        return False
    return any(all(_has(record, key) for key in keys) for keys in pack.detect.any_of)


def _has(record: Any, key: str) -> bool:
    first, _, rest = key.partition("/")
    if not isinstance(record, dict):
        return False
    if first.endswith("*"):
        return any(name.startswith(first[:-1]) for name in record)
    return first in record and (not rest or _has(record[first], rest))


def looked_for(packs: Mapping[str, Pack]) -> str:
    """What each pack looks for, in words.

    >>> looked_for({})
    'looked for '
    """
    told = [f"{name}: {' or '.join('+'.join(keys) for keys in pack.detect.any_of)}" for name, pack in packs.items()]
    return "looked for " + "; ".join(told)
