"""Readers split any bytes into the same records, however the bytes are cut into chunks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hydrometer.collect import documents, lines
from hydrometer.collect.documents import document_batches
from hydrometer.collect.lines import line_batches

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
RECORDS = st.lists(st.dictionaries(st.text(max_size=4), JSON, max_size=3), min_size=1, max_size=5)


def chunked(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def rows(batches: Iterator[Any]) -> list[dict[str, Any]]:
    return [row for batch in batches for row in batch.to_pylist()]


@settings(max_examples=60, deadline=None)
@given(RECORDS, st.integers(1, 40), st.sampled_from([None, 1, 3]), st.booleans())
def test_records_of_an_array_are_found_in_any_chunks(
    records: list[dict[str, Any]], size: int, indent: int | None, ascii_only: bool
) -> None:
    content = json.dumps(records, indent=indent, ensure_ascii=ascii_only).encode()
    found = rows(document_batches(chunked(content, size)))
    assert [json.loads(row["record"]) for row in found] == records
    assert [row["position"] for row in found] == list(range(1, len(records) + 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=12).map(lambda one: one.replace(b"\n", b""))), st.integers(1, 20))
def test_lines_are_the_same_in_any_chunks(texts: list[bytes], size: int) -> None:
    content = b"\n".join(texts)
    assert rows(line_batches(chunked(content, size))) == rows(line_batches(iter([content])))


def test_a_cut_body_between_good_ones_costs_one_record() -> None:
    content = b'[{"a": 1}, {"b": {"c": "x\n[{"d": 1}]\n{"e": 2}\n[{"f": [\n{"g": 3}]'
    for size in (3, 7, 1000):
        found = rows(document_batches(chunked(content, size)))
        records = [json.loads(row["record"]) for row in found if row["record"]]
        assert records == [{"a": 1}, {"d": 1}, {"e": 2}, {"g": 3}]
        assert [row["reason"] for row in found if row["reason"]] == ["the JSON document breaks off"] * 2


def test_rubbish_between_records_is_told() -> None:
    found = rows(document_batches(iter([b'[{"a": 1}, oops, {"b": 2}] tail'])))
    assert [row["record"] or row["reason"] for row in found] == [
        '{"a": 1}',
        "is not part of a JSON record",
        '{"b": 2}',
        "is not part of a JSON record",
    ]


def test_a_record_over_the_limit_costs_only_itself(monkeypatch: Any) -> None:
    monkeypatch.setattr(documents, "LONGEST_RECORD_BYTES", 100)
    long_string = {"a": 'quote " and backslash \\' * 50}
    long_list = {"a": ["short"] * 100}
    for records in ([{"x": 1}, long_string, {"y": 2}], [{"x": 1}, long_list, {"y": 2}]):
        content = json.dumps(records).encode()
        for size in (10, 64, 333):
            found = rows(document_batches(chunked(content, size)))
            assert [row["record"] and json.loads(row["record"]) for row in found] == [{"x": 1}, None, {"y": 2}]
            assert found[1]["reason"].startswith("is longer than")


def test_a_line_over_the_limit_costs_only_itself(monkeypatch: Any) -> None:
    monkeypatch.setattr(lines, "LONGEST_RECORD_BYTES", 100)
    content = b'{"a": 1}\n' + b"x" * 1000 + b'\n{"b": 2}\n'
    for size in (10, 64, 333):
        found = rows(line_batches(chunked(content, size)))
        assert [(row["position"], row["record"]) for row in found] == [(1, '{"a": 1}'), (2, None), (3, '{"b": 2}')]
