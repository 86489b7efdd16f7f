"""Schemas say what the contract says, and conforming never invents a value."""

from __future__ import annotations

import pyarrow as pa
import pytest

from hydrometer.base.tables import INPUTS, OUTPUTS, TIME, TRUTH, conform, from_rows, schema

ALL = {
    f"{kind}.{name}": one
    for kind, group in (("in", INPUTS), ("out", OUTPUTS), ("truth", TRUTH))
    for name, one in group.items()
}


def test_words_become_fields() -> None:
    found = schema("a:s! b:l c:t d:b e:i f:f")
    assert found.types == [pa.string(), pa.list_(pa.string()), TIME, pa.bool_(), pa.int64(), pa.float64()]
    assert [field.nullable for field in found] == [False, True, True, True, True, True]


@pytest.mark.parametrize("name", sorted(ALL))
def test_names_are_unique_and_in_snake_case(name: str) -> None:
    names = ALL[name].names
    assert len(names) == len(set(names))
    assert all(column == column.lower() and column != "at" for column in names)


@pytest.mark.parametrize("name", sorted(ALL))
def test_times_are_utc_microseconds(name: str) -> None:
    for field in ALL[name]:
        assert not pa.types.is_timestamp(field.type) or field.type == TIME


def test_only_keys_and_time_of_traffic_must_be_there() -> None:
    required = {field.name for field in INPUTS["exchanges"] if not field.nullable}
    assert required == {"exchange_id", "sent_at", "account_id"}


def test_conform_fills_drops_and_casts() -> None:
    found = conform(pa.table({"b": pa.array([1], pa.int32()), "x": [9]}), schema("a:s b:i"))
    assert found.to_pylist() == [{"a": None, "b": 1}]
    assert found.schema == schema("a:s b:i")


def test_conform_refuses_what_cannot_be_cast() -> None:
    with pytest.raises(pa.ArrowInvalid):
        conform(pa.table({"b": ["x"]}), schema("b:i"))


def test_rows_with_a_strange_key_are_an_error() -> None:
    with pytest.raises(KeyError, match="strange"):
        from_rows([{"a": "1"}, {"strange": 2}], schema("a:s"))
    assert from_rows([], schema("a:s")).schema == schema("a:s")
