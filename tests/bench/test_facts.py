"""How the bench of facts scores: campaigns are matched by their accounts, and each fact against its own truth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bench.facts import EVENTS, aims, closest, cut, pooled, roadmap_null, scored, taken, turn, uniformity
from bench.table import facts as table

from hydrometer.base.tables import OUTPUTS, from_rows

Row = dict[str, Any]
RELEASE = datetime(2026, 3, 4, 12, tzinfo=UTC)


def hours(count: float) -> datetime:
    return RELEASE + timedelta(hours=count)


def pivot(state: str, onset: float | None = None, shown: float | None = None) -> Row:
    return {
        "fact": "release_pivot", "state": state, "starts_at": None if onset is None else hours(onset),
        "ends_at": None if shown is None else hours(shown),
    }  # fmt: skip


def test_the_group_most_like_a_campaign_is_taken_and_none_without_a_common_account() -> None:
    name, share = closest({"a", "b"}, {"x": {"a"}, "y": {"a", "b", "c"}})
    assert name == "y" and share == pytest.approx(2 / 3)
    assert closest({"a"}, {"x": {"b"}}) == closest({"a"}, {}) == (None, 0.0)


def test_the_first_capability_counts() -> None:
    assert aims(["coding", "grading"], ["coding"]) == {"top1_right": True, "top1_among": True}
    assert aims(["grading", "coding"], ["coding", "grading"]) == {"top1_right": False, "top1_among": True}
    assert aims([], ["coding"]) == {"top1_right": False, "top1_among": False}


def test_a_pivot_is_right_by_its_hours_and_false_where_there_was_none() -> None:
    right = turn([pivot("not met"), pivot("met", -3.0, 6.0)], RELEASE)
    assert (right["onset_error_h"], right["shown_after_h"], right["false_pivot"]) == (3.0, 6.0, False)
    missed = turn([pivot("unknown")], RELEASE)
    assert missed["pivots"] and missed["onset_error_h"] is missed["shown_after_h"] is None
    assert turn([pivot("met", 1.0, 6.0)], None)["false_pivot"] and not turn([pivot("not met")], None)["false_pivot"]


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """Ten exchanges, of which four are harvest of one campaign; two operators, a victim, a customer."""
    for folder in ("truth", "traffic"):
        (tmp_path / folder).mkdir()
    ids = [f"e{n}" for n in range(10)]
    log = {"exchange_id": ids, "input_tokens": [10] * 10, "output_tokens": [5] * 10, "cost_usd": [0.5] * 10}
    pq.write_table(pa.table(log), tmp_path / "traffic" / "exchanges.parquet")
    harvest = {"exchange_id": ids[:4], "campaign_id": ["c"] * 4}
    pq.write_table(pa.table(harvest), tmp_path / "truth" / "exchanges.parquet")
    roles = {"a": "operator", "b": "operator", "v": "victim", "g": "customer"}
    people = [{"account_id": name, "campaign_id": "c", "role": role, "share": 1.0} for name, role in roles.items()]
    pq.write_table(pa.Table.from_pylist(people), tmp_path / "truth" / "memberships.parquet")
    campaigns = [
        {"campaign_id": "c", "preset": "p", "kind": "distillation", "capabilities": ["coding"], "pivot_at": RELEASE},
        {"campaign_id": "d", "preset": "desk", "kind": "resale", "capabilities": [], "pivot_at": None},
    ]
    pq.write_table(pa.Table.from_pylist(campaigns), tmp_path / "truth" / "campaigns.parquet")
    return tmp_path


IMPACT: list[Row] = [
    {"fact": "exchanges", "value": 4.1}, {"fact": "input_tokens", "value": 44.0},
    {"fact": "output_tokens", "value": 20.0}, {"fact": "list_price", "value": None},
    {"fact": "exchanges_in_all", "value": 4.0, "low": 3.0, "high": 5.0},
    {"fact": "input_tokens_in_all", "value": 60.0, "low": 50.0, "high": 70.0},
]  # fmt: skip


def test_impact_is_compared_with_the_harvest_itself(world: Path) -> None:
    errors = taken(IMPACT, ["c"], world)
    assert errors["exchanges"]["listed"] == pytest.approx(0.025)
    assert errors["input_tokens"]["listed"] == pytest.approx(0.1)
    assert errors["output_tokens"]["listed"] == 0.0 and errors["list_price"]["listed"] is None
    assert errors["list_price"] == {"listed": None, "in_all": None, "in_range": None}
    assert (errors["exchanges"]["in_all"], errors["exchanges"]["in_range"]) == (0.0, True)
    assert (errors["input_tokens"]["in_all"], errors["input_tokens"]["in_range"]) == (pytest.approx(0.5), False)


def test_the_take_of_a_group_that_is_most_like_two_campaigns_is_theirs_together(world: Path) -> None:
    harvest = {"exchange_id": [f"e{n}" for n in range(6)], "campaign_id": ["c"] * 4 + ["d"] * 2}
    pq.write_table(pa.table(harvest), world / "truth" / "exchanges.parquet")
    assert taken(IMPACT, ["c", "d"], world)["exchanges"]["listed"] == pytest.approx(4.1 / 6 - 1)


def test_a_cut_log_ends_so_many_hours_after_the_turn(world: Path, tmp_path: Path) -> None:
    sent = {"exchange_id": ["a", "b", "c"], "sent_at": [hours(-1.0), hours(5.9), hours(6.0)]}
    pq.write_table(pa.table(sent), world / "traffic" / "exchanges.parquet")
    part = cut(world, tmp_path / "cut" / "world", 6.0)
    assert pq.read_table(part / "traffic" / "exchanges.parquet")["exchange_id"].to_pylist() == ["a", "b"]
    assert (part / "truth" / "campaigns.parquet").exists()


def run(level: str, members: dict[str, str]) -> dict[str, pa.Table]:
    """Tables of a run with one group, as far as the score reads them."""
    names = ("campaign_id", "account_id", "role")
    facts = [
        {"campaign_id": "g", "section": "impact", "position": n, "status": "observed", "statement": "S.", **fact}
        for n, fact in enumerate([*IMPACT, pivot("met", 2.0, 6.0)])
    ]
    return {
        "campaigns": pa.Table.from_pylist([{"campaign_id": "g", "level": level, "capabilities": ["coding"]}]),
        "members": pa.Table.from_pylist([dict(zip(names, ("g", *one), strict=True)) for one in members.items()]),
        "facts": from_rows(facts, OUTPUTS["facts"]),
    }


MEMBERS = {"a": "operator", "v": "victim", "x": "operator", "g": "customer"}


def test_a_found_campaign_has_all_its_facts_scored(world: Path) -> None:
    (entry,) = scored(run("suspected", MEMBERS), world)
    assert entry["jaccard"] == 0.5 and entry["top1_right"] and entry["onset_error_h"] == 2.0
    assert entry["taken"]["input_tokens"]["listed"] == pytest.approx(0.1)


@pytest.mark.parametrize(("level", "members"), [("insufficient", MEMBERS), ("suspected", {"a": "operator"})])
def test_what_is_not_listed_or_not_half_of_it_is_not_found(world: Path, level: str, members: dict[str, str]) -> None:
    (entry,) = scored(run(level, members), world)
    assert "taken" not in entry and "top1_right" not in entry


def test_worlds_are_pooled_and_no_false_pivot_is_bounded_by_how_many_were_looked_at(world: Path) -> None:
    found = [entry | {"stated_by_h": {"6": False, "24": True}} for entry in scored(run("suspected", MEMBERS), world)]
    missed = scored(run("insufficient", MEMBERS), world)
    worlds = [
        {"world": "w", "seed": 1, "campaigns": found, "benign": {"looked_at": 200, "false_pivots": []}},
        {"world": "w", "seed": 2, "campaigns": missed, "benign": {"looked_at": 98, "false_pivots": []}},
    ]
    one = pooled(worlds)
    assert (one["campaigns"], one["found"], one["top1_right"], one["pivots"], one["pivots_said"]) == (2, 1, 1, 1, 1)
    assert one["onset_within"] == {"6": 1, "24": 1} and one["impact"]["exchanges"]["listed"]["right"] == 1
    assert one["stated_by"] == {"6": 0, "24": 1}
    taken_in = one["impact"]["input_tokens"]
    assert taken_in["listed"] == {"told": 1, "right": 0, "largest_error": pytest.approx(0.1)}
    assert (taken_in["in_all"]["right"], taken_in["in_range"], taken_in["ranges"]) == (0, 0, 1)
    assert one["false_pivots_per_1000_upper_95"] == pytest.approx(1_000 * (1 - 0.05 ** (1 / 298)))
    said = "\n".join(table({"summary": one, "worlds": worlds, "roadmap": roadmap_null(20)}))
    assert (
        "Campaigns found: 1 of 2" in said
        and "298 benign groups" in said
        and "| input tokens | 0 of 1" in said
        and "0 within 6 h, 1 within 24 h" in said
    )


def test_p_values_that_are_too_small_show() -> None:
    assert uniformity(np.linspace(0.01, 1.0, 100))["largest_excess"] == pytest.approx(0.0)
    small = uniformity(np.linspace(0.01, 1.0, 100) ** 2)
    assert small["largest_excess"] == pytest.approx(0.25, abs=0.01) and small["at_most"]["0.1"] > 0.3


def test_series_without_an_alignment_are_the_same_every_time() -> None:
    rows = roadmap_null(30)
    assert len(rows) == 8 and rows == roadmap_null(30) and EVENTS == 3
    assert all(row["at_most"]["0.5"] > 0.1 for row in rows)
