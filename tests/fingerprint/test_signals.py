"""What each signal takes for the same, and what it does not."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from tests.fingerprint.made import KEY, exchange, table

from hydrometer.base.pseudonyms import pseudonym
from hydrometer.fingerprint.hashing import hashed, joined
from hydrometer.fingerprint.run import abstaining, fingerprint_batch, signals
from hydrometer.fingerprint.signals.client import LONGEST_TYPE, client_type

SIGNALS = signals()


def values(column: str, *rows: dict[str, Any], key: bytes = KEY) -> list[Any]:
    """One fingerprint column of some exchanges."""
    found: list[Any] = fingerprint_batch(table(*(exchange(n, **row) for n, row in enumerate(rows))), SIGNALS, key)[
        column
    ].to_pylist()
    return found


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        ("python-requests/2.31.0", "python-requests"),
        ("OpenAI/Python 1.40.0", "openai/python"),
        ("Mozilla/5.0 (Windows NT 10.0)", "browser"),
        ("curl 8.4", "curl"),
        ("node-fetch", "node-fetch"),
        ("okhttp/v4", "okhttp"),
        ("/1.0", "?"),
        ("", "?"),
        ("x" * 100, "x" * LONGEST_TYPE),
    ],
)
def test_client_type_is_the_program_without_its_version(agent: str, kind: str) -> None:
    assert client_type(agent) == kind


def test_an_unknown_client_has_no_stack() -> None:
    rows: tuple[dict[str, Any], ...] = (
        {"user_agent": "curl/8"},
        {},
        {"ja4": "t13d"},
        {"user_agent": "curl/8", "header_shape": "h"},
    )
    stacks = values("client_stack", *rows)
    assert stacks[1] is None
    assert len(set(stacks)) == 4
    assert values("client_type", *rows) == ["curl", "?", "?", "curl"]


@pytest.mark.parametrize(
    ("one", "other", "same_prefix"),
    [
        ("192.0.2.7", "192.0.2.99", True),
        ("192.0.2.7", "192.0.3.7", False),
        ("2001:db8:1::1", "2001:db8:1:ffff::2", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
        ("::ffff:192.0.2.7", "192.0.2.8", True),
    ],
)
def test_addresses_share_a_prefix(one: str, other: str, same_prefix: bool) -> None:
    left, right = values("prefix", {"client_ip": one}, {"client_ip": other})
    assert (left == right) == same_prefix
    assert len(set(values("client_ip", {"client_ip": one}, {"client_ip": other}))) == 2


def test_what_is_no_address_is_not_known() -> None:
    for column in ("client_ip", "prefix"):
        assert values(column, {"client_ip": "unix:"}, {"client_ip": ""}, {}, {"client_ip": "999.1.1.1"}) == [None] * 4


def test_identifiers_are_keyed() -> None:
    row = {
        "client_ip": "192.0.2.7",
        "conversation_id": "c",
        "end_user_id": "u",
        "reasoning_signature_out": "s",
        "tools": ["t"],
    }
    for column in ("client_ip", "prefix", "conversation", "end_user", "signature_issued", "tool_set"):
        ((one,), (other,)) = values(column, row), values(column, row, key=b"another key")
        assert one is not None
        assert one != other, column


def test_the_order_of_tools_does_not_count() -> None:
    one, same, more, none, empty = values(
        "tool_set", {"tools": ["a", "b"]}, {"tools": ["b", "a"]}, {"tools": ["a", "b", "c"]}, {}, {"tools": []}
    )
    assert one == same
    assert one != more
    assert none is None
    assert empty is None


def test_a_tool_name_cannot_pretend_to_be_two() -> None:
    one, two = values("tool_set", {"tools": ["a,b"]}, {"tools": ["a", "b"]})
    assert one != two


def test_configuration_is_one_tuple() -> None:
    plain = {"temperature": 0.7, "max_tokens": 100, "stream": True}
    found = values("configuration", plain, plain, {**plain, "stream": False}, {**plain, "top_p": 1.0}, {})
    assert found[0] == found[1]
    assert len(set(found)) == 4
    assert found[4] is None


def test_a_signature_issued_and_one_presented_are_the_same_thing() -> None:
    rows: tuple[dict[str, Any], ...] = (
        {"reasoning_signature_out": "s1"},
        {"reasoning_signature_in": "s1"},
        {"reasoning_signatures_in": ["s1", "s2"]},
        {"reasoning_signatures_in": []},
        {},
    )
    issued, presented = values("signature_issued", *rows), values("signature_presented", *rows)
    assert issued == [presented[1], None, None, None, None]
    assert presented == [None, issued[0], issued[0], None, None]


def test_templates_differ_only_where_their_slots_do() -> None:
    first = "Please explain exercise {} about {} carefully and in full sentences for my class of {} today"
    rows = [{"prompt": first.format(*slots)} for slots in ((1, "tides", 3), (22, "volcanoes", 144))]
    assert len(set(values("opening", *rows))) == 1
    assert len(set(values("closing", *rows))) == 1
    assert len(set(values("skeleton", *rows))) == 2
    assert values("words", *rows) == [17, 17]
    assert values("opening", {"prompt": "too short"}, {}, {"prompt": ""}) == [0, 0, 0]


def test_the_system_prompt_is_read_apart_from_the_prompt() -> None:
    one, other, none = values(
        "system_prompt", {"system_instructions": "Be brief."}, {"system_instructions": "be brief!"}, {}
    )
    assert one == other != 0
    assert none == 0
    assert values("words", {"system_instructions": "Be brief."}) == [0]


def test_a_technique_may_be_spread_over_system_prompt_and_prompt() -> None:
    system, prompt = "Use the scoring criteria given.", "Rate the essay from 1 to 5."
    apart = values("techniques", {"system_instructions": system}, {"prompt": prompt})
    assert apart == [0, 0]
    assert values("techniques", {"system_instructions": system, "prompt": prompt})[0] != 0


def test_money_is_whole_micro_dollars_and_times_are_microseconds() -> None:
    rows: tuple[dict[str, Any], ...] = ({"cost_usd": 0.0000015}, {"cost_usd": 12.34}, {"cost_usd": float("nan")}, {})
    assert values("micro_usd", *rows) == [2, 12_340_000, 0, 0]
    assert values("sent_us", {}) == [1_772_409_600_000_000]


def test_hashed_keeps_nulls_and_simplifies_first() -> None:
    column = pa.chunked_array([["A", None], ["a", "drop"]])
    found = hashed(column, KEY, "layer", lambda text: None if text == "drop" else text.lower()).to_pylist()
    assert found == [pseudonym(KEY, "layer", "a"), None, pseudonym(KEY, "layer", "a"), None]
    assert hashed(pa.array([], pa.string()), KEY, "layer").to_pylist() == []
    assert hashed(pa.array([None, None], pa.string()), KEY, "layer").to_pylist() == [None, None]


def test_joined_is_null_only_where_all_are() -> None:
    found = joined([pa.array(["a", None, None]), pa.array([1.5, 2.0, None])])
    assert found.to_pylist() == ["a|1.5", "?|2", None]


def test_signals_abstain_where_all_their_columns_are_absent() -> None:
    assert abstaining(SIGNALS, ()) == {}
    assert set(abstaining(SIGNALS, ("ja4", "client_ip"))) == {"network"}
    assert set(abstaining(SIGNALS, ("prompt",))) >= {"template"}
    assert "intent" not in abstaining(SIGNALS, ("prompt",))
    assert "client" in abstaining(SIGNALS, ("ja4", "user_agent", "header_shape"))
