"""Flattens OTLP spans and log records into records that a mapping pack can address with JSON paths.

Attributes become one object with plain values; attributes that carry an index in their name
(`llm.input_messages.0.message.role`) are also nested again under `indexed`, because most content arrives that way.
Nothing is renamed here: which names mean what is the pack's alias list. Source: OTLP 1.x (JSON: ids are hexadecimal,
64-bit integers are strings), OpenTelemetry common attributes (AnyValue).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson
import pyarrow as pa

from hydrometer.collect.records import Batch

NOT_OTLP = "is JSON but no OTLP export, span or log record"
MISSHAPEN = (AttributeError, KeyError, TypeError, ValueError, RecursionError)
"""What a document of another shape raises while it is flattened; `orjson` errors are among them."""
_DEEPEST = 32
_SIGNALS = (
    ("resourceSpans", "scopeSpans", "spans", "span"),
    ("resourceLogs", "scopeLogs", "logRecords", "log"),
)
_LEGACY_SCOPES = {"scopeSpans": "instrumentationLibrarySpans", "scopeLogs": "instrumentationLibraryLogs"}


def span_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches of records, one row a span or log record, from batches whose records are OTLP/JSON documents.

    Rows that were rejected before stay rejected; a document that is not OTLP is one rejected row. `position` stays that
    of the document, `item` is the ordinal of the span in it, from 1.
    """
    out = Batch()
    for batch in batches:
        for row in batch.to_pylist():
            if row["record"] is None:
                out.reject(row["position"], row["reason"], row["sha256"], row["item"])
            else:
                _document(row["position"], row["record"].encode(), out)
            if out.full:
                yield out.take()
    if out.rows:
        yield out.take()


def _document(position: int, raw: bytes, out: Batch) -> None:
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        out.reject(position, "is not valid JSON (cut short or damaged)", hashlib.sha256(raw).hexdigest())
        return
    item = 0
    try:
        for item, record in enumerate(flatten(document), start=1):
            out.add(position, orjson.dumps(record), item)
    except MISSHAPEN:
        out.reject(position, f"{NOT_OTLP} (after {item} of them)", hashlib.sha256(raw).hexdigest(), item + 1)
        return
    if item == 0:
        out.reject(position, NOT_OTLP, hashlib.sha256(raw).hexdigest())


def flatten(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Flat records of one OTLP/JSON document: an export request, or a bare span.

    Raises:
        one of MISSHAPEN: the document has another shape.
    """
    if isinstance(document.get("attributes"), list):
        yield _flat(document, "span", {}, {})
    for resources, scopes, items, kind in _SIGNALS:
        for group in document.get(resources) or ():
            resource = plain_attributes((group.get("resource") or {}).get("attributes"))
            for scope in group.get(scopes) or group.get(_LEGACY_SCOPES[scopes]) or ():
                for one in scope.get(items) or ():
                    yield _flat(one, kind, resource, scope.get("scope") or {})


def _flat(one: Mapping[str, Any], kind: str, resource: dict[str, Any], scope: Mapping[str, Any]) -> dict[str, Any]:
    attributes = plain_attributes(one.get("attributes"))
    return {
        "signal": kind,
        "trace_id": one.get("traceId"),
        "span_id": one.get("spanId"),
        "name": one.get("eventName") or attributes.get("event.name") if kind == "log" else one.get("name"),
        "kind": one.get("kind"),
        "started_unix_nano": one.get("startTimeUnixNano") or one.get("timeUnixNano") or one.get("observedTimeUnixNano"),
        "ended_unix_nano": one.get("endTimeUnixNano"),
        "status": one.get("status") or {},
        "scope": scope.get("name"),
        "resource": resource,
        "attributes": attributes,
        "indexed": indexed(attributes),
        "body": plain(one.get("body") or {}),
        "events": [
            {"name": event.get("name"), "attributes": plain_attributes(event.get("attributes"))}
            for event in one.get("events") or ()
        ],
    }


def plain_attributes(attributes: Iterable[Mapping[str, Any]] | None) -> dict[str, Any]:
    """`[{key, value}]` as an object.

    >>> plain_attributes([{"key": "n", "value": {"intValue": "7"}}])
    {'n': 7}
    """
    return {str(pair["key"]): plain(pair.get("value") or {}) for pair in attributes or ()}


def plain(value: Mapping[str, Any], depth: int = 0) -> Any:
    """An OTLP AnyValue as a plain JSON value; deeper than 32 levels is a ValueError."""
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    for kind, inner in value.items():
        if kind == "intValue":
            return int(inner)
        if kind == "arrayValue":
            return [plain(one, depth + 1) for one in inner.get("values") or ()]
        if kind == "kvlistValue":
            return {str(pair["key"]): plain(pair.get("value") or {}, depth + 1) for pair in inner.get("values") or ()}
        if kind in ("stringValue", "boolValue", "doubleValue", "bytesValue"):
            return inner
    return None


def indexed(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes with an index in their name, nested again; gaps in the numbering close up.

    >>> indexed({"llm.tools.1.tool.name": "b", "llm.tools.0.tool.name": "a", "other": 1})
    {'llm.tools': [{'tool': {'name': 'a'}}, {'tool': {'name': 'b'}}]}
    """
    roots: dict[str, Any] = {}
    for key in sorted(attributes):
        words = key.split(".")
        first = next((place for place, word in enumerate(words) if word.isascii() and word.isdigit()), 0)
        if first == 0 or len(words) > _DEEPEST:
            continue
        node = roots.setdefault(".".join(words[:first]), {})
        for word in words[first:-1]:
            inner = node.get(word)
            if not isinstance(inner, dict):
                inner = node[word] = {}
            node = inner
        node[words[-1]] = attributes[key]
    return {root: _lists(tree) for root, tree in roots.items()}


def _lists(node: Any) -> Any:
    """Objects whose keys are all numbers become lists, in the order of the numbers."""
    if not isinstance(node, dict):
        return node
    if node and all(key.isascii() and key.isdigit() for key in node):
        return [_lists(node[key]) for key in sorted(node, key=int)]
    return {key: _lists(inner) for key, inner in node.items()}


def bytes_text(value: bytes) -> str:
    """Bytes as OTLP/JSON writes them in a value: base64."""
    return base64.b64encode(value).decode()
