"""The take in all: what others send of a group's wordings is estimated beside what is listed, and nobody is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.prove.facts.logs import exchange, log, subject

from hydrometer.base.workspace import Workspace
from hydrometer.prove.attribution import Wordings, by_cell, held_in_cells
from hydrometer.prove.fact import Fact
from hydrometer.prove.facts import impact
from hydrometer.prove.facts._unlisted import UNSEEN, Rest
from hydrometer.prove.subject import Subject
from hydrometer.prove.traffic import requests_of

USAGE = {"input_tokens": 100, "output_tokens": 400, "cost_usd": 0.01, "status": 200}
WORK = "Show every step of the reasoning for problem {n} of the set, then the result"
LISTED, HIDDEN, STRANGERS, EACH = 20, 10, 120, 15


def sends(account: str, text: str) -> list[dict[str, Any]]:
    return [exchange(account, n, prompt=text.format(n=f"{account} {n} {n * 7}")) | USAGE for n in range(EACH)]


@pytest.fixture
def group(workspace: Workspace) -> Subject:
    """A listed group, accounts that send the same and are not listed, and people with words of their own."""
    rows = [row for k in range(LISTED) for row in sends(f"listed{k:02}", WORK)]
    rows += [row for k in range(HIDDEN) for row in sends(f"hidden{k:02}", WORK)]
    rows += [
        row for k in range(STRANGERS)
        for row in sends(f"person{k:03}", chr(97 + k % 26) * 3 + " {n} please tell me " + chr(97 + k // 26) * 4)
    ]  # fmt: skip
    log(workspace, rows)
    found = subject(workspace, [f"listed{k:02}" for k in range(LISTED)])
    openings = found.part["opening"].unique()
    marked = pa.table({"layer": pa.array(["opening"] * len(openings)), "hash": openings})
    forms = pa.table({"layer": pa.array(["form_opening"] * len(openings)), "hash": openings})
    marked = pa.concat_tables([marked, forms])
    units = int(workspace.query("select max(unit) as n from {units}")["n"][0].as_py()) + 1
    with held_in_cells(workspace, marked):
        return replace(found, wordings=Wordings(marked, by_cell(workspace, units)))


def named(rows: list[Fact], name: str) -> Fact:
    (found,) = [row for row in rows if row.fact == name]
    return found


def test_what_others_send_of_the_groups_wordings_is_estimated_beside_it(group: Subject) -> None:
    rows = impact.facts(group)
    true = (LISTED + HIDDEN) * EACH
    for name, each in (("exchanges", 1), ("input_tokens", 100), ("output_tokens", 400), ("list_price", 0.01)):
        said, whole = named(rows, name), named(rows, f"{name}_in_all")
        assert said.value == pytest.approx(LISTED * EACH * each)
        assert whole.value == pytest.approx(true * each, rel=0.05)
        assert whole.low is not None and whole.high is not None
        assert whole.low == pytest.approx(LISTED * EACH * each) and whole.high >= true * each
        assert whole.status == "inferred" and whole.n == HIDDEN and "names no account" in str(whole.limits)


def test_it_names_nobody_and_points_to_no_row_of_the_groups_own(group: Subject) -> None:
    for row in impact.facts(group):
        if row.fact.endswith("_in_all"):
            assert row.account_id is None and row.rows_table is None and "hidden" not in row.statement


def test_who_is_listed_elsewhere_or_counted_already_is_not_counted_again(group: Subject) -> None:
    others = group.workspace.query("select unit from {units} where account_id like 'hidden%'")["unit"].to_numpy()
    group.around.listed = np.union1d(group.around.listed, others)
    whole = named(impact.facts(group), "exchanges_in_all")
    assert whole.value == pytest.approx(LISTED * EACH, rel=0.02) and whole.n == 0


def test_a_group_without_wordings_of_its_own_says_so(group: Subject) -> None:
    assert group.wordings is not None
    none = np.zeros_like(group.wordings.counts)
    none[:, 0] = group.wordings.counts.sum(axis=1)
    rows = impact.facts(replace(group, wordings=Wordings(group.wordings.marked, none), notes={}))
    assert named(rows, "exchanges_in_all").state == "unknown" and named(rows, "exchanges_in_all").value is None


def test_without_a_verdict_nothing_is_said_of_others(workspace: Workspace) -> None:
    log(workspace, sends("a", WORK))
    assert not [row for row in impact.facts(subject(workspace, ["a"])) if row.fact.endswith("_in_all")]


def test_the_range_reaches_from_what_is_listed_to_the_larger_reading(group: Subject) -> None:
    found = Rest(group, 3.0, 1.1)
    likely, least, most = found.in_all(100.0, 20.0, 90.0, 0.1)
    assert likely == pytest.approx(126.0) and least == 90.0
    assert most == pytest.approx(120.0 * 1.1 * (1.0 + UNSEEN) + 10.0)


def test_it_is_the_same_where_only_the_groups_own_traffic_is_at_hand(group: Subject) -> None:
    plain = impact.facts(group)
    again = replace(group, notes={})
    with requests_of(group.workspace, group.members["account_id"].to_pylist()):
        assert impact.facts(again) == plain
    assert any(row.fact == "exchanges_in_all" and row.n == HIDDEN for row in plain)
