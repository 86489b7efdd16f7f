"""Writes OTLP export requests as a collector's file exporter does: one JSON object a line.

Identifiers are hexadecimal, 64-bit integers are strings, enumerations numbers, other bytes base64: the JSON encoding
of the OTLP specification, which differs from protobuf's own. An oracle for the packs that is made from the same bytes.
Source: opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding"; the collector's `fileexporter`.
"""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

from google.protobuf.message import Message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

HEXADECIMAL = {"traceId", "spanId", "parentSpanId"}
ALWAYS: dict[str, dict[str, Any]] = {"Span": {"parentSpanId": "", "status": {}}}
"""Fields that the collector writes even where they are empty."""


def read(path: Path) -> ExportTraceServiceRequest:
    """The export request of one captured body, compressed or not."""
    content = path.read_bytes()
    request = ExportTraceServiceRequest()
    request.ParseFromString(gzip.decompress(content) if path.suffix == ".gz" else content)
    return request


def write(captured: list[Path], target: Path) -> int:
    """Write captured bodies as lines of one file; gives the number of spans."""
    spans = 0
    with target.open("w", encoding="utf-8") as lines:
        for path in captured:
            request = read(path)
            spans += sum(len(scope.spans) for resource in request.resource_spans for scope in resource.scope_spans)
            lines.write(json.dumps(plain(request), ensure_ascii=False, separators=(",", ":")) + "\n")
    return spans


def plain(message: Message) -> dict[str, Any]:
    """A message as OTLP/JSON.

    >>> from opentelemetry.proto.trace.v1.trace_pb2 import Span
    >>> plain(Span(trace_id=bytes(16), kind=3, start_time_unix_nano=7, name="chat"))["startTimeUnixNano"]
    '7'
    """
    made: dict[str, Any] = dict(ALWAYS.get(message.DESCRIPTOR.name, {}))
    for field, value in message.ListFields():
        name = field.json_name
        repeated = not isinstance(value, (Message, bytes, str, int, float))
        made[name] = [_scalar(field, name, item) for item in value] if repeated else _scalar(field, name, value)
    return made


def _scalar(field: Any, name: str, value: Any) -> Any:
    """One value as OTLP/JSON."""
    if isinstance(value, Message):
        return plain(value)
    if isinstance(value, bytes):
        return value.hex() if name in HEXADECIMAL else base64.b64encode(value).decode()
    wide = (field.TYPE_INT64, field.TYPE_UINT64, field.TYPE_FIXED64, field.TYPE_SFIXED64, field.TYPE_SINT64)
    return str(value) if field.type in wide else value
