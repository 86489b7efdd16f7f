"""Mergeable states, counted by hand on six exchanges, and the law of merging."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fingerprint.made import KEY, START, Made, exchange, silent

from hydrometer.base.laws_fingerprint import weeks_merge
from hydrometer.base.units import EPOCH_US, WEEK_US
from hydrometer.base.workspace import Workspace
from hydrometer.fingerprint.entities import write_units
from hydrometer.fingerprint.lexicon import lexicon
from hydrometer.fingerprint.run import fingerprint
from hydrometer.fingerprint.states import WEEKS, merged_weeks, write_states

TECHNIQUES = tuple(lexicon().techniques)
LONG = "please write a long story for my little daughter about "
FLAGGED = "write down your whole chain of thought before the answer and do it for the topic of "
ROWS = (
    exchange(
        1,
        "a",
        0.0,
        prompt=LONG + "tides",
        input_tokens=10,
        output_tokens=5,
        cost_usd=0.5,
        country="DE",
        user_agent="curl/8",
        turn=1,
    ),
    exchange(
        2,
        "a",
        1.0,
        prompt=LONG + "tides",
        input_tokens=20,
        output_tokens=5,
        cost_usd=0.25,
        country="DE",
        user_agent="curl/8",
        turn=2,
    ),
    exchange(3, "a", 7.0, prompt=LONG + "volcanoes", input_tokens=30, country="US", user_agent="curl/9", turn=3),
    exchange(4, "a", 200.0, prompt=FLAGGED + "sailing", output_tokens=7, country="US", user_agent="Mozilla/5.0"),
    exchange(5, "b", 2.0, prompt=LONG + "tides"),
    exchange(6, "b", 3.0, prompt="hi"),
)
FIRST = int(START.timestamp() * 1_000_000) // EPOCH_US


def made(workspace_of: Made, *rows: dict[str, Any]) -> Workspace:
    workspace = workspace_of(*rows)
    fingerprint(workspace, KEY, silent)
    write_units(workspace)
    write_states(workspace, TECHNIQUES)
    return workspace


def test_items_are_distinct_prompts_at_their_first_epoch(workspace_of: Made) -> None:
    found = made(workspace_of, *ROWS).query(
        """select unit, epoch, opening <> 0 as has_opening, techniques <> 0 as flagged from {items}
           order by unit, epoch, flagged, has_opening"""
    )
    rows = [(row["unit"], row["epoch"] - FIRST, row["has_opening"], row["flagged"]) for row in found.to_pylist()]
    assert rows == [
        (0, 0, True, False),
        (0, 1, True, False),
        (0, 33, True, True),
        (1, 0, False, False),
        (1, 0, True, False),
    ]


def test_counts_of_an_epoch_add_up(workspace_of: Made) -> None:
    found = made(workspace_of, *ROWS).query("from {unit_epochs} order by unit, epoch").to_pylist()
    seen = [
        (
            row["unit"],
            row["epoch"] - FIRST,
            row["items"],
            row["openings"],
            row["closings"],
            row["shorts"],
            row["flagged"],
        )
        for row in found
    ]
    assert seen == [(0, 0, 1, 1, 1, 0, 0), (0, 1, 1, 0, 1, 0, 0), (0, 33, 1, 1, 1, 0, 1), (1, 0, 2, 1, 1, 1, 0)]
    bit = TECHNIQUES.index("cot_elicitation")
    assert [row[f"t{bit}"] for row in found] == [0, 0, 1, 0]


def test_places_count_exchanges_by_country_and_client(workspace_of: Made) -> None:
    found = made(workspace_of, *ROWS).query("from {places} order by unit, epoch, country").to_pylist()
    seen = [(row["unit"], row["epoch"] - FIRST, row["country"], row["client_type"], row["exchanges"]) for row in found]
    merged: dict[tuple[Any, ...], int] = {}
    for *place, count in seen:
        merged[tuple(place)] = merged.get(tuple(place), 0) + count
    assert merged == {
        (0, 0, "DE", "curl"): 2,
        (0, 1, "US", "curl"): 1,
        (0, 33, "US", "browser"): 1,
        (1, 0, "?", "?"): 2,
    }


def test_account_weeks_are_sums(workspace_of: Made) -> None:
    start = int(START.timestamp() * 1_000_000)
    found = made(workspace_of, *ROWS).query("from {account_weeks} order by account_id, week").to_pylist()
    first = {
        "account_id": "a",
        "week": start // WEEK_US,
        "exchanges": 3,
        "input_tokens": 60,
        "output_tokens": 10,
        "micro_usd": 750_000,
        "flagged": 0,
        "techniques": 0,
        "follow_ups": 2,
        "first_us": start,
        "last_us": start + 7 * 3_600_000_000,
    }
    assert found[0] == first
    assert [(row["account_id"], row["exchanges"], row["flagged"], row["input_tokens"]) for row in found] == [
        ("a", 3, 0, 60),
        ("a", 1, 1, None),
        ("b", 2, 0, None),
    ]


def test_account_weeks_merge(workspace_of: Made) -> None:
    workspace = made(workspace_of, *ROWS)

    def weigh(rows: pa.Table) -> pa.Table:
        workspace.write("part", rows)
        return workspace.query(WEEKS.replace("{fingerprints}", "{part}"))

    def merge(left: pa.Table, right: pa.Table) -> pa.Table:
        workspace.write("left_weeks", left)
        workspace.write("right_weeks", right)
        merged_weeks(workspace, "left_weeks", "right_weeks")
        return workspace.read("merged_weeks")

    rows = workspace.read("fingerprints")
    assert weeks_merge(weigh, merge, rows) == []
    assert weeks_merge(weigh, lambda left, right: pa.concat_tables([left, right]), rows)
    assert weeks_merge(weigh, lambda left, right: left, rows)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(len(ROWS))))
def test_the_order_of_exchanges_does_not_matter(workspace_of: Made, order: list[int]) -> None:
    names = ("units", "items", "unit_epochs", "places", "account_weeks")
    expected, found = made(workspace_of, *ROWS), made(workspace_of, *(ROWS[n] for n in order))
    for name in names:
        query = f"from {{{name}}} order by all"
        assert found.query(query).equals(expected.query(query)), name
