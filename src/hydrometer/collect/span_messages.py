"""Reads OTLP protobuf files: one export message, several in a row, or each with its length before it.

Only the outermost fields are walked by hand, so that a file larger than memory is read one resource at a time; each
resource is then parsed by the generated code and flattened like OTLP/JSON. Several export messages in a row are one by
the rules of protobuf. `json_format` is not used: it is more than ten times slower.
Source: OTLP 1.x (`ExportTraceServiceRequest`, `ExportLogsServiceRequest`), Protocol Buffers encoding.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
from google.protobuf.message import DecodeError
from opentelemetry.proto.logs.v1.logs_pb2 import ResourceLogs
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from hydrometer.collect.records import Batch
from hydrometer.collect.spans import MISSHAPEN, NOT_OTLP, bytes_text, flatten

RESOURCE_TAG = 0x0A  # field 1, length-delimited: `resource_spans` or `resource_logs`
LONGEST_MESSAGE_BYTES = 64 << 20
_TRACE_ID_BYTES = 16
_LONGEST_VARINT = 10
_CUT = "the protobuf message is cut short or damaged"
_TOO_LONG = f"the protobuf message is longer than {LONGEST_MESSAGE_BYTES >> 20} MiB"


def looks_like_protobuf(head: bytes) -> bool:
    """Whether a file begins like an OTLP export: raw or with a length before it."""
    for start in (0, _after_varint(head, 0)):
        if start is None or head[start : start + 1] != bytes([RESOURCE_TAG]):
            continue
        end = _after_varint(head, start + 1)
        # inside: the resource (field 1) or the scopes (field 2), both length-delimited
        if end is not None and head[end : end + 1] in (b"\x0a", b"\x12"):
            return True
    return False


def message_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Batches of records, one row a span or log record of a protobuf file.

    `position` is the ordinal of the resource in the file, `item` the ordinal of the span in it, both from 1.
    """
    out = Batch()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for position, (raw, problem) in enumerate(_resources(data), start=1):
            if problem is not None:
                out.reject(position, problem, hashlib.sha256(raw).hexdigest())
            else:
                _resource(position, raw, out)
            if out.full:
                yield out.take()
    if out.rows:
        yield out.take()


def _resources(data: mmap.mmap) -> Iterator[tuple[bytes, str | None]]:
    """Bytes of each resource, or a piece that cannot be read and why."""
    delimited = not _walks(data)
    place, size = 0, len(data)
    while place < size:
        if delimited:
            start = _after_varint(data, place)
            end = start + _varint(data, place) if start is not None else size + 1
        else:
            start, end = place, _field_end(data, place)
        if start is None or end > size:
            yield data[place : place + LONGEST_MESSAGE_BYTES], _CUT
            return
        yield from _fields(data, start, end)
        place = end


def _fields(data: mmap.mmap, start: int, end: int) -> Iterator[tuple[bytes, str | None]]:
    """Payloads of the resource fields between two offsets."""
    while start < end:
        stop = _field_end(data, start)
        if stop > end:
            yield data[start:end][:LONGEST_MESSAGE_BYTES], _CUT
            return
        inside = _after_varint(data, start + 1) or stop
        if stop - inside > LONGEST_MESSAGE_BYTES:
            yield data[inside : inside + LONGEST_MESSAGE_BYTES], _TOO_LONG
        else:
            yield data[inside:stop], None
        start = stop


def _walks(data: mmap.mmap) -> bool:
    """Whether the first field is a resource by itself (else the file has lengths before its messages)."""
    if data[0] != RESOURCE_TAG:
        return False
    end, start = _field_end(data, 0), _after_varint(data, 1)
    if start is None or end > len(data):
        return True  # a single message, cut short
    return _export(data[start:end]) is not None


def _field_end(data: mmap.mmap, place: int) -> int:
    """Offset after the resource field that begins at `place`; beyond the end where there is none."""
    start = _after_varint(data, place + 1) if data[place] == RESOURCE_TAG else None
    return len(data) + 1 if start is None else start + _varint(data, place + 1)


def _after_varint(data: bytes | mmap.mmap, place: int) -> int | None:
    """Offset after the variable-length integer at `place`, None where it does not end."""
    for offset in range(place, min(place + _LONGEST_VARINT, len(data))):
        if data[offset] < 0x80:
            return offset + 1
    return None


def _varint(data: bytes | mmap.mmap, place: int) -> int:
    """Value of the variable-length integer at `place`, seven bits a byte, lowest first."""
    end = _after_varint(data, place) or place
    return sum((data[offset] & 0x7F) << (7 * (offset - place)) for offset in range(place, end))


def _resource(position: int, raw: bytes, out: Batch) -> None:
    document = _export(raw)
    if document is None:
        out.reject(position, _CUT, hashlib.sha256(raw).hexdigest())
        return
    item = 0
    try:
        for item, record in enumerate(flatten(document), start=1):
            out.add(position, orjson.dumps(record), item)
    except MISSHAPEN:
        out.reject(position, NOT_OTLP, hashlib.sha256(raw).hexdigest(), item + 1)
        return
    if item == 0:
        out.reject(position, "a resource without spans or log records", hashlib.sha256(raw).hexdigest())


def _export(raw: bytes) -> dict[str, Any] | None:
    """One resource as the document that OTLP/JSON would hold; None where it holds neither spans nor logs."""
    spans = _parsed(ResourceSpans, raw)
    found = [span for scope in spans.scope_spans for span in scope.spans] if spans is not None else []
    if spans is not None and all(len(span.trace_id) == _TRACE_ID_BYTES for span in found):
        return {"resourceSpans": [_group(spans, "scopeSpans", "spans")]}
    logs = _parsed(ResourceLogs, raw)
    records = [record for scope in logs.scope_logs for record in scope.log_records] if logs is not None else []
    if any(record.time_unix_nano or record.observed_time_unix_nano for record in records):
        return {"resourceLogs": [_group(logs, "scopeLogs", "logRecords")]}
    return None


def _parsed(kind: Any, raw: bytes) -> Any:
    """Bytes as a message of that kind, None where they are none."""
    try:
        return kind.FromString(raw)
    except DecodeError:
        return None


def _group(group: Any, scopes: str, items: str) -> dict[str, Any]:
    is_span = items == "spans"
    members = [(scope, scope.spans if is_span else scope.log_records) for scope in _scopes(group, is_span)]
    return {
        "resource": {"attributes": _pairs(group.resource.attributes)},
        scopes: [
            {"scope": {"name": scope.scope.name}, items: [(_span if is_span else _log)(one) for one in ones]}
            for scope, ones in members
        ],
    }


def _scopes(group: Any, is_span: bool) -> Any:
    return group.scope_spans if is_span else group.scope_logs


def _span(span: Any) -> dict[str, Any]:
    return {
        "traceId": span.trace_id.hex(),
        "spanId": span.span_id.hex(),
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": span.start_time_unix_nano,
        "endTimeUnixNano": span.end_time_unix_nano,
        "status": {"code": span.status.code, "message": span.status.message},
        "attributes": _pairs(span.attributes),
        "events": [{"name": event.name, "attributes": _pairs(event.attributes)} for event in span.events],
    }


def _log(record: Any) -> dict[str, Any]:
    return {
        "traceId": record.trace_id.hex(),
        "spanId": record.span_id.hex(),
        "eventName": record.event_name,
        "timeUnixNano": record.time_unix_nano or record.observed_time_unix_nano,
        "attributes": _pairs(record.attributes),
        "body": _value(record.body),
    }


def _pairs(pairs: Any) -> list[dict[str, Any]]:
    return [{"key": pair.key, "value": _value(pair.value)} for pair in pairs]


def _value(value: Any) -> dict[str, Any]:
    """A protobuf AnyValue as OTLP/JSON writes it."""
    kind = value.WhichOneof("value")
    if kind is None:
        return {}
    inner = getattr(value, kind)
    if kind == "array_value":
        return {"arrayValue": {"values": [_value(one) for one in inner.values]}}
    if kind == "kvlist_value":
        return {"kvlistValue": {"values": _pairs(inner.values)}}
    if kind == "bytes_value":
        return {"bytesValue": bytes_text(inner)}
    name = {"string_value": "stringValue", "bool_value": "boolValue", "int_value": "intValue"}.get(kind, "doubleValue")
    return {name: inner}
