"""Intervals over worlds, where hydrometer loses, curves, and the tables that say it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from bench.range import curves as curving
from bench.range.cells import WorldKey, write_document
from bench.range.comparing import losses
from bench.range.curve_plot import Curve, Panel, Point, write_curves
from bench.range.curves import multipliers
from bench.range.figures import counts, large_enough, world_figures
from bench.range.intervals import FIGURES, over_worlds
from bench.range.markdown import write_markdown
from bench.range.plan import About, Axis, Plan
from bench.range.results import range_document
from bench.range.tuning import freeze
from bench.table import write_table
from tests.bench import made

BY_NAME = {figure.name: figure for figure in FIGURES}
RECALL = BY_NAME["account_recall"]


def row(world: str, right: int, guilty: int, seed: int = 0) -> dict[str, Any]:
    return {"world": world, "seed": seed, "right": right, "guilty": guilty}


def cell(value: float, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high}


# --- intervals -------------------------------------------------------------------------------------------------------


def test_a_ratio_is_pooled_and_its_interval_resamples_worlds() -> None:
    rows = [row("a", 9, 10), row("b", 10, 90), row("c", 5, 5)]
    one = over_worlds(RECALL, rows)
    assert one is not None
    assert one["value"] == 24 / 105
    assert one["low"] < one["value"] < one["high"]
    assert (one["worlds"], one["runs"], one["interval"]) == (3, 3, "worlds resampled")
    assert over_worlds(RECALL, rows) == one


def test_seeds_of_one_world_are_drawn_together() -> None:
    """Ten seeds of one bad world are no ten worlds: the interval is as wide as with one seed of it."""
    few = over_worlds(RECALL, [row("a", 10, 10), row("b", 1, 10)])
    many = over_worlds(RECALL, [row("a", 10, 10, s) for s in range(10)] + [row("b", 1, 10, s) for s in range(10)])
    assert few is not None and many is not None
    assert (few["low"], few["high"]) == (many["low"], many["high"]) == (0.1, 1.0)


def test_nothing_and_everything_get_an_exact_interval_and_no_bootstrap() -> None:
    none = over_worlds(RECALL, [row(name, 0, 10) for name in "abcde"])
    every = over_worlds(RECALL, [row(name, 10, 10) for name in "abcde"])
    assert none is not None and every is not None
    assert none["interval"] == every["interval"] == "exact"
    assert none["high"] == pytest.approx(1 - 0.025 ** (1 / 5))
    assert every["low"] == pytest.approx(0.025 ** (1 / 5))


def test_worlds_without_anything_to_find_are_no_evidence_for_recall() -> None:
    one = over_worlds(RECALL, [row("a", 3, 10), row("b", 0, 0), row("c", 0, 0)])
    assert one is not None
    assert (one["value"], one["worlds"], one["low"], one["interval"]) == (0.3, 1, None, "none")


def test_means_that_are_nothing_everywhere_are_bounded_only_where_they_are_shares() -> None:
    rows = [{"world": name, "seed": 0, "false_discovery": 0.0, "false_campaigns": 0} for name in "abc"]
    share, count = (over_worlds(BY_NAME[name], rows) for name in ("false_discovery", "false_campaigns"))
    assert share is not None and count is not None
    assert share["high"] == pytest.approx(1 - 0.025 ** (1 / 3)) and share["interval"] == "exact"
    assert count["value"] == 0 and count["high"] is None


def test_no_false_alarm_is_bounded_over_benign_operators() -> None:
    rows = [
        {"world": name, "seed": 0, "false_accounts": 0, "benign": 500, "false_operators": 0, "benign_operators": 50}
        for name in "ab"
    ]
    one = over_worlds(BY_NAME["false_accounts_per_100k"], rows)
    assert one is not None
    assert one["value"] == 0 and one["high"] == pytest.approx(1e5 * (1 - 0.025 ** (1 / 100)))


def test_one_world_with_one_seed_has_no_interval_and_an_unknown_figure_no_value() -> None:
    one = over_worlds(RECALL, [row("a", 3, 10)])
    assert one is not None and one["low"] is None
    assert over_worlds(RECALL, [row("a", 0, 0)]) is None
    assert over_worlds(BY_NAME["jaccard"], [{"world": "a", "seed": 0, "jaccard": None}]) is None


# --- where hydrometer loses ------------------------------------------------------------------------------------------


def test_losses_are_those_figures_in_which_a_rival_is_better() -> None:
    methods = {
        "hydrometer": {
            "account_recall": cell(0.5, 0.4, 0.6),
            "false_accounts_per_100k": cell(10.0, 5.0, 20.0),
            "account_precision": cell(1.0, 0.9, 1.0),
        },
        "loud @ matched": {"account_recall": cell(0.45, 0.4, 0.5), "false_accounts_per_100k": cell(10.0)},
        "loud @ generous": {
            "account_recall": cell(0.9, 0.8, 1.0),
            "false_accounts_per_100k": cell(900.0, 800.0, 999.0),
        },
        "quiet @ matched": {"account_recall": cell(0.0), "false_accounts_per_100k": cell(0.0, 0.0, 4.0)},
        "same @ matched": {"account_recall": cell(0.5), "account_precision": cell(1.0 + 1e-12)},
    }
    found = losses({"all": methods})
    assert [(one["figure"], one["rival"], one["point"], one["apart"]) for one in found] == [
        ("account_recall", "loud", "generous", True),
        ("false_accounts_per_100k", "quiet", "matched", True),
    ]
    assert found[1]["rival_recall"] == 0.0
    assert found[0]["rival_interval"] == [0.8, 1.0] and found[0]["hydrometer_interval"] == [0.4, 0.6]


def test_intervals_that_touch_are_not_apart_and_missing_ones_are_not_told() -> None:
    def apart(theirs: dict[str, Any]) -> bool | None:
        methods = {"hydrometer": {"account_recall": cell(0.5, 0.4, 0.6)}, "x @ matched": {"account_recall": theirs}}
        result: bool | None = losses({"all": methods})[0]["apart"]
        return result

    assert apart(cell(0.7, 0.6, 0.8)) is False
    assert apart(cell(0.7)) is None


def test_a_figure_that_hydrometer_has_not_is_no_loss() -> None:
    assert losses({"all": {"hydrometer": {}, "x @ matched": {"account_recall": cell(1.0)}}}) == []
    assert losses({"all": {"x @ matched": {"account_recall": cell(1.0)}}}) == []


# --- figures of one world --------------------------------------------------------------------------------------------


def test_groups_below_the_smallest_size_are_nobodys_campaign(tmp_path: Path) -> None:
    place = made.world(tmp_path, "one")
    pool = {f"g{number}": "pool" for number in range(6)}
    pairs = {"b00": "pair", "b01": "pair"}
    assert large_enough(set(pool) | set(pairs), pool | pairs) == pool
    assert large_enough({"b00"}, None) is None
    found = counts(place.truth, {*pool, *pairs}, pool | pairs)
    assert (found["right"], found["false_accounts"]) == (6, 2)
    assert (found["campaigns_hit"], found["campaigns_listed"], found["false_campaigns"]) == (1, 1, 0)
    alone = counts(place.truth, {*pool, *pairs}, None)
    assert (alone["right"], alone["campaigns_hit"], alone["false_discovery"]) == (6, None, None)


def curve_point(value: float, recall: float, accounts: float) -> dict[str, Any]:
    return {
        "value": value, "runs": 1, "cost": {"accounts": accounts, "exchanges": 1.0},
        "methods": {"hydrometer": {"account_recall": cell(recall)}},
    }  # fmt: skip


def test_the_cost_multiplier_is_taken_where_recall_crosses_one_half() -> None:
    points = [curve_point(0, 0.9, 0.1), curve_point(10, 0.7, 0.2), curve_point(20, 0.3, 0.4)]
    one = multipliers(points, "hydrometer")
    assert one["value"] == pytest.approx(15.0)
    assert one["multiplier"] == {"accounts": pytest.approx(3.0), "exchanges": 1.0}
    assert multipliers(points[:2], "hydrometer")["said"] == "never below one half"
    assert "weakest" in multipliers(points[2:], "hydrometer")["said"]
    assert multipliers(points, "velocity")["said"] == "not measured"


def test_a_curve_is_drawn_with_its_intervals(tmp_path: Path) -> None:
    points = [Point(0, 1.0, 0.8, 1.0), Point(1, 0.25, None, None)]
    write_curves(tmp_path / "x.svg", "mixing <b>", [0.0, 0.99], [Panel("found", [Curve("hydrometer", points)])])
    text = (tmp_path / "x.svg").read_text(encoding="utf-8")
    assert text.count("<circle") == 2 and text.count("stroke-opacity") == 1
    assert "mixing &lt;b&gt;" in text and "<b>" not in text


# --- a whole results folder ------------------------------------------------------------------------------------------


def test_an_invented_run_becomes_results_and_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two worlds, one held out, hydrometer and one rival with groups; the rival finds what hydrometer misses."""
    monkeypatch.setattr("bench.range.figures.score", lambda run, truth, traffic: {"campaigns": []})
    monkeypatch.setattr("bench.range.results.own_summary", lambda found, worlds: {})
    cache, pool = tmp_path / "cache", {f"g{number}": "pool" for number in range(6)}
    about = {"dev": About("development", "mixed", 100, 1.0, 6), "held": About("held_out", "mixed", 100, 1.0, 6)}
    places = {name: made.world(cache, name) for name in about}
    scores = {f"b{number:02d}": float(number) for number in range(94)} | dict.fromkeys(pool, 200.0)
    for name, place in places.items():
        shutil.copytree(place.truth, place.shuffled)
        made.scanned(place, pool if name == "dev" else {})
        made.scored(place, "velocity", scores, pool)
        counted = {"exchanges": 1000, "useful_exchanges": 6, "campaign_accounts": 6, "sent_by_campaign_accounts": 12}
        head = {"code": "x", "seconds": 1.0, "peak_memory_bytes": 1}
        write_document(place.document("simulate"), head | {"counts": counted})
    frozen = tmp_path / "range_thresholds.json"
    document = freeze(frozen, [(places["dev"], "development")], {"velocity": None}, full=False)
    found = {place.key: world_figures(place, frozen) for place in places.values()}
    plan = Plan(tuple(place.key for place in places.values()), frozenset(), (), {}, ("velocity", "prada"))
    result = range_document(plan, found, about, document)
    held = result["groups"]["held_out"]["methods"]
    assert held["hydrometer"]["account_recall"]["value"] == 0.0
    assert held["velocity @ matched"]["campaign_recall"]["value"] == 1.0
    assert result["untuned"] == ["prada"]
    lost = {(one["worlds"], one["figure"]) for one in result["losses"]}
    assert ("held_out", "account_recall") in lost and ("development", "account_recall") not in lost
    said = {"measurement": "range", "version": "0", "machine": "m", "settings": {"worlds": 2}, "full": False}
    broken = {"world": "held", "seed": 0, "step": "rival-prada", "reason": "no"}
    written = json.dumps(said | result | {"failed": [broken]})
    (tmp_path / "range.json").write_text(written, encoding="utf-8")
    write_markdown(tmp_path)
    write_table(tmp_path)
    text = (tmp_path / "range.md").read_text(encoding="utf-8")
    assert "Partial run" in text
    assert "failed: rival-prada on held seed 0: no" in text
    assert "not tuned, for want of scores on development worlds: prada" in text
    assert "| held_out: account recall | velocity, generous | 1.000" in text
    assert "velocity, matched" in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_curves_say_what_is_unfinished() -> None:
    keys: dict[float, tuple[WorldKey, ...]] = {
        value: (WorldKey("curves", 0, None, (("mixing", value),)),) for value in (0.0, 0.9)
    }
    plan = Plan((), frozenset(), (Axis("mixing", (0.0, 0.9), "said"),), {"mixing": keys}, ())
    counted = {"right": 5, "guilty": 10, "campaigns_hit": 1, "campaigns_true": 1}
    sizes = {"useful_exchanges": 10, "campaign_accounts": 5, "sent_by_campaign_accounts": 20}
    done = {"methods": {"hydrometer": counted}, "costs": {"world": sizes, "steps": {}}}
    document = curving.curve_document(plan, {keys[0.0][0]: done})
    axis = document["axes"]["mixing"]
    assert axis["unfinished"] == [0.9] and document["unfinished"] == [keys[0.9][0].slug]
    assert axis["points"][0]["cost"] == {"accounts": 0.5, "exchanges": 2.0}
    assert axis["points"][0]["methods"]["hydrometer"]["account_recall"]["value"] == 0.5
    assert curving.curve_document(Plan((), frozenset(), (), {}, ()), {})["unfinished"] == ["every axis"]
