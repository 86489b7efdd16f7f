"""Packs do what their samples say, on invented records and on real ones; broken packs are told all at once."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from tests.collect.conftest import Collector, jsonl, row

from hydrometer.base.errors import InputError, PackError
from hydrometer.base.tables import INPUTS
from hydrometer.collect.map_check import check_samples, compiled_sql, explain, test_pack
from hydrometer.collect.mapping_pack import find_pack, parse_pack, shipped_packs
from hydrometer.collect.options import CollectOptions

test_pack.__test__ = False  # type: ignore[attr-defined]
PACKS = shipped_packs()


@pytest.mark.parametrize("name", PACKS)
def test_a_shipped_pack_does_what_its_samples_say(name: str) -> None:
    result = test_pack(name)
    assert result.samples > 0
    assert result.problems == ()


@pytest.mark.parametrize("name", PACKS)
def test_a_shipped_packs_samples_are_recognised_without_naming_it(name: str, tmp_path: Path, run: Collector) -> None:
    records = [record for sample in PACKS[name].samples for record in sample.records]
    (tmp_path / "t.jsonl").write_bytes(jsonl(*records))
    assert [one.pack for one in run(tmp_path / "t.jsonl").report.inputs] == [name]


def test_a_sample_that_differs_is_told() -> None:
    pack = PACKS["canonical"]
    sample = pack.samples[0].model_copy(update={"expect": [{"exchange_id": "ex-1", "input_tokens": 10}]})
    result = check_samples(pack.model_copy(update={"samples": [sample]}))
    assert result.problems == ("sample 1: input_tokens: 9, expected 10",)


def litellm_records() -> list[dict[str, Any]]:
    return deepcopy([record for sample in PACKS["litellm"].samples for record in sample.records])


SHAPES = {
    "ndjson": lambda records: jsonl(*records),
    "json_array": lambda records: json.dumps(records).encode(),
    "arrays one after the other": lambda records: b"".join(json.dumps([one]).encode() for one in records),
    "arrays on lines": lambda records: jsonl(*([one] for one in records)),
    "pretty": lambda records: json.dumps(records, indent=2).encode(),
    "pretty objects": lambda records: b"\n".join(json.dumps(one, indent=4).encode() for one in records),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_litellm_in_every_shape(shape: str, tmp_path: Path, run: Collector) -> None:
    (tmp_path / "body").write_bytes(SHAPES[shape](litellm_records()))
    result = run(tmp_path / "body")
    assert result.counts() == (3, 1, 2, 0)
    assert result.exchanges[0]["prompt"] == "How warm\nis it?"
    assert [(one["position"], one["reason"].partition(",")[0]) for one in result.rejects] == [
        (2, "failed before a key was known"),
        (3, "was not authenticated (error 401)"),
    ]


def test_litellm_single(tmp_path: Path, run: Collector) -> None:
    for number, record in enumerate(litellm_records()):
        (tmp_path / f"{number}.json").write_bytes(json.dumps(record).encode())
    assert len(run(tmp_path / "*.json").exchanges) == 1


def test_a_litellm_trace_is_no_conversation(tmp_path: Path, run: Collector) -> None:
    record = litellm_records()[0]
    without = {**record, "litellm_call_id": "call-2", "metadata": {"user_api_key_hash": "h", "requester_metadata": {}}}
    named = {**without, "litellm_call_id": "", "session_id": "talk-9"}
    (tmp_path / "t.jsonl").write_bytes(jsonl(record, without, named))
    found = {one["exchange_id"]: one["conversation_id"] for one in run(tmp_path / "t.jsonl").exchanges}
    assert found == {"call-1": "talk-7", "call-2": None, "chatcmpl-1": "talk-9"}


def test_litellm_headers_give_a_shape_by_their_order(tmp_path: Path, run: Collector) -> None:
    orders = [("host", "User-Agent", "x-ja4"), ("host", "user-agent", "x-ja4"), ("user-agent", "host", "x-ja4")]
    records = [
        {**litellm_records()[0], "litellm_call_id": str(number), "metadata": {"user_api_key_hash": "h"}}
        for number in range(len(orders) + 1)
    ]
    for number, names in enumerate(orders):
        headers = dict.fromkeys(names, str(number))
        records[number]["metadata"]["requester_metadata"] = {"headers": headers}
    (tmp_path / "t.jsonl").write_bytes(jsonl(*records))
    same, also, other, none = (one["header_shape"] for one in run(tmp_path / "t.jsonl").exchanges)
    assert same == also != other
    assert none is None


def test_litellm_redacted_text_is_not_taken_for_a_prompt(tmp_path: Path, run: Collector) -> None:
    record = litellm_records()[0]
    record["messages"] = [{"role": "user", "content": "redacted-by-litellm"}]
    record["response"] = "redacted-by-litellm"
    (tmp_path / "t.jsonl").write_bytes(jsonl(record))
    one = run(tmp_path / "t.jsonl").exchanges[0]
    assert (one["prompt"], one["response"], one["input_tokens"]) == (None, None, 40)


ANTHROPIC = [
    {"role": "user", "content": "Start"},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "look", "input": {}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "21"}]},
]
RESPONSES = [
    {"role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]},
    {"role": "user", "content": [{"type": "input_text", "text": "Look"}, {"type": "input_image", "image_url": "u"}]},
    {"type": "function_call_output", "call_id": "c", "output": "21"},
]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (ANTHROPIC, ("Start", 1, None, 1, ["text"])),
        (RESPONSES, ("Look", 1, "Be brief.", 1, ["image", "text"])),
        ("Once upon a time", ("Once upon a time", 1, None, 0, ["text"])),
        (["first", "second"], ("second", 2, None, 0, ["text"])),
        ([], (None, None, None, None, None)),
        ([None, 5, {"role": "user"}, {"content": "roleless"}], (None, 1, None, 0, ["text"])),
        ({"role": "user", "content": "one object"}, ("one object", 1, None, 0, ["text"])),
    ],
)
def test_messages_of_every_form(messages: Any, expected: tuple[Any, ...], tmp_path: Path, run: Collector) -> None:
    (tmp_path / "t.jsonl").write_bytes(jsonl({**litellm_records()[0], "messages": messages}))
    one = run(tmp_path / "t.jsonl").exchanges[0]
    found = (one["prompt"], one["turn"], one["system_instructions"], one["tool_results"], one["input_modalities"])
    assert found == expected


def test_spend_logs_as_csv_and_parquet(tmp_path: Path, run: Collector) -> None:
    record = deepcopy(PACKS["litellm_spend"].samples[0].records[0])
    with duckdb.connect() as connection:
        connection.register("spend", pa.Table.from_pylist([record]))
        connection.execute(f"copy spend to '{tmp_path}/t.csv'")
    pq.write_table(pa.Table.from_pylist([{**record, "request_id": "p"}]), tmp_path / "t.parquet")
    found = run(tmp_path / "t.*").exchanges
    assert [(one["exchange_id"], one["prompt"], one["input_tokens"]) for one in found] == [
        ("chatcmpl-2", "Hello", 7),
        ("p", "Hello", 7),
    ]


JOINED = """
name: two_logs
version: 1
description: an access log and a content log joined on the request id
input: json
detect: {any_of: [[rid, path], [request, text]]}
fields: {rid: $.rid, request: $.request, seen: $.time, key: $.key, path: $.path, text: $.text, address: $.ip}
streams:
  main: {where: path is not null, key: rid}
  content: {where: text is not null, key: request, required: true}
columns: {exchange_id: rid, sent_at: seen, account_id: key, client_ip: address, prompt: content.text}
samples:
  - records: [{rid: r1, path: /v1, time: "2026-03-01T10:00:00Z", key: k, ip: 192.0.2.1}, {request: r1, text: hello}]
    expect: [{exchange_id: r1, account_id: k, client_ip: 192.0.2.1, prompt: hello}]
"""


def test_two_logs_are_joined_and_every_row_is_accounted_for(tmp_path: Path, run: Collector) -> None:
    assert check_samples(parse_pack(JOINED, "two_logs.yaml")).problems == ()
    (tmp_path / "pack.yaml").write_text(JOINED)

    def access(rid: str | None, key: str | None = "k") -> dict[str, Any]:
        return {"rid": rid, "path": "/v1", "time": "2026-03-01T10:00:00Z", "key": key, "ip": "192.0.2.1"}

    (tmp_path / "access.jsonl").write_bytes(
        jsonl(access("r1"), access("r2", None), access("r3"), access("r1"), {"other": 1}, b"{broken")
    )
    content = [("r1", "one"), ("r2", "two"), ("r9", "nine"), ("r1", "one"), ("r1", "another"), (None, "keyless")]
    (tmp_path / "content.jsonl").write_bytes(jsonl(*({"request": key, "text": text} for key, text in content)))
    result = run(tmp_path / "*.jsonl", format=str(tmp_path / "pack.yaml"))
    assert [(one["exchange_id"], one["prompt"]) for one in result.exchanges] == [("r1", "one")]
    assert result.counts(0) == (6, 1, 4, 1)
    assert result.counts(1) == (6, 1, 4, 1)
    assert [(one["source"], one["position"], one["reason"]) for one in result.rejects] == [
        ("access.jsonl", 2, "account_id is missing"),
        ("access.jsonl", 3, "no record of the log content with its key"),
        ("access.jsonl", 5, "belongs to none of the logs that the pack joins"),
        ("access.jsonl", 6, "is not valid JSON (cut short or damaged)"),
        ("content.jsonl", 2, "no exchange has its key"),
        ("content.jsonl", 3, "no exchange has its key"),
        ("content.jsonl", 5, "a second record of the log content with this key"),
        ("content.jsonl", 6, "has no key to join on"),
    ]
    assert all(one["sha256"] for one in result.rejects)
    assert result.workspace.query("select * from {origins} order by all").to_pylist() == [
        {"exchange_id": "r1", "account_id": "k", "source": name, "position": 1, "pack": "two_logs"}
        for name in ("access.jsonl", "content.jsonl")
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "(select content from read_text('/etc/passwd'))",
        "getenv('HOME')",
        "glob('*')",
        "1; drop table x",
        "1 -- rest",
        "parquet_metadata('x')",
        "query('x')",
    ],
)
def test_an_expression_that_could_leave_the_record_is_refused(expression: str) -> None:
    broken = yaml.safe_load(JOINED)
    broken["columns"]["prompt"] = expression
    with pytest.raises(PackError, match=r"columns\.prompt: .* is not allowed"):
        parse_pack(yaml.safe_dump(broken), "broken.yaml")


def test_words_in_literals_are_no_statements() -> None:
    harmless = yaml.safe_load(JOINED)
    harmless["columns"]["prompt"] = "replace(content.text, 'select from -- copy', '')"
    assert parse_pack(yaml.safe_dump(harmless), "x").columns["prompt"].startswith("replace")


def test_all_problems_of_a_pack_are_told_at_once() -> None:
    broken = yaml.safe_load(JOINED)
    broken |= {"colour": "red", "version": "one", "fields": {"rid": "rid"}}
    with pytest.raises(PackError) as problem:
        parse_pack(yaml.safe_dump(broken), "broken.yaml")
    assert all(name in problem.value.found for name in ("colour", "version", "fields.rid"))
    broken = yaml.safe_load(JOINED)
    broken["columns"] = {"flavour": "rid"}
    del broken["streams"]["main"]
    with pytest.raises(PackError) as problem:
        parse_pack(yaml.safe_dump(broken), "broken.yaml")
    assert all(name in problem.value.found for name in ("flavour", "exchange_id: is required", "streams.main"))


def test_an_expression_that_does_not_bind_is_a_pack_error(tmp_path: Path, run: Collector) -> None:
    broken = yaml.safe_load(JOINED)
    broken["columns"]["prompt"] = "nonexistent_column"
    (tmp_path / "pack.yaml").write_text(yaml.safe_dump(broken))
    (tmp_path / "t.jsonl").write_bytes(jsonl(*broken["samples"][0]["records"]))
    with pytest.raises(PackError, match="nonexistent_column"):
        run(tmp_path / "t.jsonl", format=str(tmp_path / "pack.yaml"))


def test_an_unknown_format_is_told() -> None:
    with pytest.raises(PackError, match="canonical, litellm"):
        find_pack("nonsense")
    with pytest.raises(PackError, match="cannot be read"):
        find_pack("nowhere.yaml")


def test_an_ambiguous_file_is_told(tmp_path: Path, run: Collector) -> None:
    both = {**litellm_records()[0], "exchange_id": "x"}
    (tmp_path / "t.jsonl").write_bytes(jsonl(both))
    with pytest.raises(InputError, match="could be canonical or litellm: --format decides"):
        run(tmp_path / "t.jsonl")
    assert run(tmp_path / "t.jsonl", format="litellm").exchanges[0]["exchange_id"] == "call-1"


def test_explain_tells_null_rates_and_absent_columns(tmp_path: Path) -> None:
    rows = [row(ja4="t13d"), row(exchange_id="b"), row(exchange_id="c", status=-1), row(exchange_id="d", hue=1)]
    (tmp_path / "t.jsonl").write_bytes(jsonl(*rows))
    found = explain([str(tmp_path / "t.jsonl")], CollectOptions())
    assert (found.packs, found.exchanges) == (("canonical",), 3)
    assert found.null_rates["ja4"] == pytest.approx(2 / 3)
    assert found.null_rates["sent_at"] == 0
    assert {"client_ip", "asn", "prompt"} <= set(found.columns_absent)
    assert not {"ja4", "sent_at"} & set(found.columns_absent)
    assert "plan" in found.account_columns_absent
    assert found.reasons == {"status is negative": 1}
    assert found.columns_ignored == (("t.jsonl", "hue"),)
    assert set(found.sql) == {"canonical"}
    (tmp_path / "bad.jsonl").write_bytes(jsonl({"exchange_id": "x"}))
    found = explain([str(tmp_path / "bad.jsonl")], CollectOptions(format="canonical"))
    assert (found.exchanges, found.reasons) == (0, {"sent_at is missing": 1})
    assert set(found.account_columns_absent) == set(INPUTS["accounts"].names)


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_compiles_to_one_select(name: str) -> None:
    assert len(duckdb.extract_statements(compiled_sql(PACKS[name]))) == 1


def test_real_litellm_payloads(log_samples: Path, tmp_path: Path, run: Collector) -> None:
    record = json.loads((log_samples / "litellm" / "standard_logging_payload.json").read_bytes())
    spend = json.loads((log_samples / "litellm" / "spend_logs_payload.json").read_bytes())
    with pytest.raises(InputError, match="has no key"):
        run(log_samples / "litellm" / "standard_logging_payload.json")
    record["metadata"]["user_api_key_hash"] = spend["api_key"] = "h"
    (tmp_path / "a.json").write_bytes(orjson.dumps(record))
    (tmp_path / "b.json").write_bytes(orjson.dumps(spend, option=orjson.OPT_INDENT_2))
    with pytest.raises(InputError, match="no time zone"):
        run(tmp_path / "*.json")
    one, two = run(tmp_path / "*.json", timezone="UTC").exchanges
    assert (two["prompt"], two["response"], two["input_tokens"], two["status"]) == ("Hello, world!", "hi", 10, 200)
    assert (one["conversation_id"], one["output_tokens"], one["cost_usd"]) == (
        "1234567890",
        20,
        pytest.approx(0.000225),
    )
