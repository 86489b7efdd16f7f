"""OTLP in all its forms gives the same exchanges: JSON lines, one document, protobuf raw, delimited and compressed."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.collect.conftest import Collector, jsonl

from hydrometer.base.errors import InputError
from hydrometer.collect.mapping_pack import shipped_packs
from hydrometer.collect.spans import indexed

PACKS = shipped_packs()


def documents(pack: str) -> list[dict[str, Any]]:
    return [record for sample in PACKS[pack].samples for record in sample.records]


def fill_value(target: Any, value: dict[str, Any]) -> None:
    """An OTLP/JSON AnyValue into its protobuf twin."""
    for kind, inner in value.items():
        if kind == "arrayValue":
            for one in inner["values"]:
                fill_value(target.array_value.values.add(), one)
        elif kind == "kvlistValue":
            fill_pairs(target.kvlist_value.values, inner["values"])
        elif kind == "intValue":
            target.int_value = int(inner)
        else:
            setattr(target, {"stringValue": "string_value", "doubleValue": "double_value"}[kind], inner)


def fill_pairs(target: Any, pairs: list[dict[str, Any]]) -> None:
    for pair in pairs:
        added = target.add()
        added.key = pair["key"]
        fill_value(added.value, pair["value"])


def protobuf(document: dict[str, Any]) -> bytes:
    """An OTLP/JSON document as the protobuf message that an exporter would send."""
    traces, logs = ExportTraceServiceRequest(), ExportLogsServiceRequest()
    for group in document.get("resourceSpans", ()):
        resource = traces.resource_spans.add()
        fill_pairs(resource.resource.attributes, group.get("resource", {}).get("attributes", []))
        for scope in group["scopeSpans"]:
            added = resource.scope_spans.add()
            for span in scope["spans"]:
                one = added.spans.add()
                one.trace_id, one.span_id = bytes.fromhex(span["traceId"]), bytes.fromhex(span["spanId"])
                one.name = span["name"]
                one.start_time_unix_nano = int(span["startTimeUnixNano"])
                one.end_time_unix_nano = int(span.get("endTimeUnixNano", 0))
                one.status.code = {"STATUS_CODE_OK": 1, 1: 1}.get(span.get("status", {}).get("code"), 0)
                fill_pairs(one.attributes, span["attributes"])
    for group in document.get("resourceLogs", ()):
        resource = logs.resource_logs.add()
        for scope in group["scopeLogs"]:
            added = resource.scope_logs.add()
            for record in scope["logRecords"]:
                one = added.log_records.add()
                one.trace_id, one.span_id = bytes.fromhex(record["traceId"]), bytes.fromhex(record["spanId"])
                one.event_name = record.get("eventName", "")
                one.time_unix_nano = int(record["timeUnixNano"])
                fill_pairs(one.attributes, record.get("attributes", []))
                fill_value(one.body, record["body"])
    return bytes(traces.SerializeToString() + logs.SerializeToString())


HEADERS = ("x-ja4", "user-agent", "x-header-shape", "x-account-id")


@pytest.mark.parametrize(("pack", "missing"), [("otel_genai", True), ("otel_genai", False), ("openinference", True)])
def test_a_header_whose_first_value_is_missing_says_nothing(
    pack: str, missing: bool, tmp_path: Path, run: Collector
) -> None:
    document = copy.deepcopy(documents(pack)[0])
    span = document["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    values = [{}, {"stringValue": "second"}] if missing else [{"stringValue": "first"}]
    span["attributes"] = [
        one for one in span["attributes"] if "header" not in one["key"] and "client" not in one["key"]
    ]
    span["attributes"] += [
        {"key": f"http.request.header.{name}", "value": {"arrayValue": {"values": values}}} for name in HEADERS
    ]
    (tmp_path / "t.jsonl").write_bytes(jsonl(document))
    one = run(tmp_path / "t.jsonl").exchanges[0]
    expected = None if missing else "first"
    assert (one["ja4"], one["user_agent"], one["header_shape"]) == (expected,) * 3
    assert one["account_id"] == (expected or "acct-1")


def delimited(message: bytes) -> bytes:
    size, prefix = len(message), b""
    while size > 0x7F:
        prefix, size = prefix + bytes([size & 0x7F | 0x80]), size >> 7
    return prefix + bytes([size]) + message


FORMS = {
    "JSON lines": lambda found: jsonl(*found),
    "one JSON document": lambda found: json.dumps(found, indent=1).encode(),
    "protobuf messages in a row": lambda found: b"".join(map(protobuf, found)),
    "delimited protobuf": lambda found: b"".join(delimited(protobuf(one)) for one in found),
    "compressed protobuf": lambda found: gzip.compress(b"".join(map(protobuf, found))),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("pack", ["otel_genai", "openinference"])
def test_every_form_gives_the_same_exchanges(form: str, pack: str, tmp_path: Path, run: Collector) -> None:
    found = documents(pack)
    expected = [column for sample in PACKS[pack].samples for column in sample.expect]
    (tmp_path / "t.jsonl").write_bytes(jsonl(*found))
    reference = run(tmp_path / "t.jsonl").exchanges
    assert len(reference) == len(expected)
    (tmp_path / "spans").write_bytes(FORMS[form](found))
    result = run(tmp_path / "spans")
    assert result.report.inputs[0].pack == pack
    assert result.exchanges == reference
    assert sorted(result.reasons) == sorted(reason for sample in PACKS[pack].samples for reason in sample.rejects)


def test_one_protobuf_message_alone(tmp_path: Path, run: Collector) -> None:
    (tmp_path / "body").write_bytes(protobuf(documents("openinference")[0]))
    assert run(tmp_path / "body").counts() == (2, 1, 1, 0)


def test_a_protobuf_file_that_breaks_off_keeps_what_was_before(tmp_path: Path, run: Collector) -> None:
    message = protobuf(documents("openinference")[0])
    (tmp_path / "cut").write_bytes(message + message.replace(b"\x09\x0a\x0b", b"\x09\x0b\x0b")[:-7])
    result = run(tmp_path / "cut")
    assert result.counts() == (3, 1, 2, 0)
    assert result.reasons == ["is not an LLM span", "the protobuf message is cut short or damaged"]
    (tmp_path / "cut2").write_bytes(delimited(message) + delimited(message)[:-7])
    assert run(tmp_path / "cut2").counts() == (3, 1, 2, 0)


def test_broken_documents_among_good_ones(tmp_path: Path, run: Collector) -> None:
    good = documents("openinference")[0]
    broken = [
        b'{"resourceSpans": [{"scopeSpans": [{"spans": 5}]}]}',
        b'{"resourceSpans": "text"}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": [{"no": "key"}]}]}]}]}',
        b'{"resourceSpans": []}',
        b"[]",
        b'{"cut": ',
        b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"intValue": "x"}}]}]}]}',
    ]
    (tmp_path / "t.jsonl").write_bytes(jsonl(good, *broken))
    result = run(tmp_path / "t.jsonl")
    assert result.counts() == (9, 1, 8, 0)
    assert [one["position"] for one in result.rejects] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_span_without_an_account_is_a_reject(tmp_path: Path, run: Collector) -> None:
    text = json.dumps(documents("openinference")[0]).replace("user.id", "nobody.id")
    (tmp_path / "t.jsonl").write_text(text + "\n")
    with pytest.raises(InputError, match="account_id is missing"):
        run(tmp_path / "t.jsonl")


def test_content_in_the_events_of_a_span(tmp_path: Path, run: Collector) -> None:
    def event(name: str, **attributes: str) -> dict[str, Any]:
        pairs = [{"key": key.replace("__", "."), "value": {"stringValue": text}} for key, text in attributes.items()]
        return {"name": name, "attributes": pairs}

    attributes = [
        {"key": "gen_ai.request.model", "value": {"stringValue": "m"}},
        {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
        {"key": "user.id", "value": {"stringValue": "u"}},
    ]
    events = [
        [
            event("gen_ai.system.message", content="S"),
            event("gen_ai.user.message", content="U"),
            event("gen_ai.choice", content="A"),
        ],
        [
            event("gen_ai.content.prompt", gen_ai__prompt='[{"role": "user", "content": "U"}]'),
            event("gen_ai.content.completion", gen_ai__completion='[{"role": "assistant", "content": "A"}]'),
        ],
        [
            event(
                "gen_ai.client.inference.operation.details",
                gen_ai__input__messages='[{"role":"user","parts":[{"type":"text","content":"U"}]}]',
                gen_ai__output__messages='[{"role":"assistant","parts":[{"type":"text","content":"A"}]}]',
            )
        ],
    ]
    spans = [
        {
            "traceId": f"{n:032x}",
            "spanId": f"{n:016x}",
            "startTimeUnixNano": "1772359200000000000",
            "attributes": attributes,
            "events": one,
        }
        for n, one in enumerate(events, start=1)
    ]
    (tmp_path / "t.jsonl").write_bytes(jsonl({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}))
    found = run(tmp_path / "t.jsonl").exchanges
    assert [(one["prompt"], one["response"]) for one in found] == [("U", "A")] * 3
    assert [one["system_instructions"] for one in found] == ["S", None, None]


def test_an_index_of_any_size_costs_nothing() -> None:
    assert indexed({"a.999999999999.b": 1, "a.0.b": 2}) == {"a": [{"b": 2}, {"b": 1}]}
    assert indexed({"a." + "0." * 100 + "b": 1}) == {}
    assert indexed({"a.0": 1, "a.0.b": 2}) == {"a": [{"b": 2}]}


def test_real_openinference_spans(log_samples: Path, tmp_path: Path, run: Collector) -> None:
    spans = []
    for number, file in enumerate(sorted((log_samples / "envoy_ai_gateway_openinference_spans").iterdir()), start=1):
        span = json.loads(file.read_bytes())
        span |= {"traceId": f"{number:032x}", "spanId": f"{number:016x}", "startTimeUnixNano": "1772359200000000000"}
        span["attributes"].append({"key": "user.id", "value": {"stringValue": file.stem}})
        spans.append(span)
    (tmp_path / "t.jsonl").write_bytes(jsonl({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}))
    result = run(tmp_path / "t.jsonl")
    found = {one["account_id"]: one for one in result.exchanges}
    assert result.counts() == (33, 33, 0, 0)
    assert found["chat-multiturn"]["turn"] == 2
    assert found["chat-multiturn"]["system_instructions"] == "You are a helpful assistant."
    assert found["chat-multiturn"]["prompt"] == "Answer in up to 5 words: What's the weather like?"
    assert found["chat-multiturn"]["response"] == "What city or region?"
    assert found["chat-tools"]["tools"] == ["get_current_weather"]
    assert found["chat-tools"]["reasoning_tokens"] == 256
    assert found["chat-multimodal"]["input_modalities"] == ["image", "text"]
    assert found["chat-bad-request"]["temperature"] == -0.5
    assert found["chat-bad-request"]["status"] is None
    assert found["completion-basic"]["operation"] == "completion"
    assert found["completion-basic"]["prompt"]


def test_a_real_bare_span_without_time_is_told(log_samples: Path, run: Collector) -> None:
    with pytest.raises(InputError, match="exchange_id is missing"):
        run(log_samples / "envoy_ai_gateway_openinference_spans" / "chat-basic.json")


def test_real_message_values(log_samples: Path, tmp_path: Path, run: Collector) -> None:
    lines = (log_samples / "otel_genai" / "example_message_values.jsonl").read_text().splitlines()
    prompts = [line for line in lines if '"role": "user"' in line]
    spans = [
        {
            "traceId": f"{n:032x}",
            "spanId": f"{n:016x}",
            "startTimeUnixNano": "1772359200000000000",
            "attributes": [
                {"key": key, "value": {"stringValue": text}}
                for key, text in (("gen_ai.input.messages", line), ("user.id", "u"), ("gen_ai.request.model", "m"))
            ],
        }
        for n, line in enumerate(prompts, start=1)
    ]
    (tmp_path / "t.jsonl").write_bytes(jsonl({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}))
    result = run(tmp_path / "t.jsonl")
    assert result.counts() == (len(prompts), len(prompts), 0, 0)
    assert all(one["prompt"] for one in result.exchanges)
    assert max(one["tool_results"] for one in result.exchanges) == 1
