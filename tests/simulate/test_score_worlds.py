"""Figures over worlds: intervals that repeat, constants that are never resampled, pooled counts, false discoveries."""

from __future__ import annotations

import io
import itertools
import json
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from hydrometer.simulate import metrics
from hydrometer.simulate.score_accounts import counted_alarms
from hydrometer.simulate.score_worlds import over_worlds
from hydrometer.simulate.scoreboard_worlds import render_summary


def world(hit: int = 1, right: int = 9, struck: int = 0, operators: int = 100, **changes: Any) -> dict[str, Any]:
    """A score of one world with one campaign of ten accounts, cut down to what is looked at here."""
    alarms = counted_alarms(operators * 2, operators, struck, struck)
    entry = {"preset": "pool", "hit": bool(hit), "jaccard": 0.9 * hit, "coverage": right / 10}
    figures: dict[str, Any] = {
        "campaigns": [entry],
        "campaigns_true": 1,
        "campaigns_hit": hit,
        "campaign_recall": float(hit),
        "false_campaigns": struck,
        "false_discoveries": struck,
        "false_discovery_proportion": struck / max(1, hit + struck),
        "false_discovery_level": 0.01,
        "days": 7.5,
        "accounts": {"right": right, "guilty": 10, "flagged": right + struck, "recall": right / 10},
        "false_alarms_by_difficulty": {"pristine": counted_alarms(0, 0, 0, 0), "hard": alarms},
        "false_alarms_by_archetype": {"classroom": alarms},
    }
    return figures | changes


def summary(worlds: list[dict[str, Any]], seed: int = 0) -> dict[str, Any]:
    """`over_worlds`, typed for tests and known to be a JSON document."""
    result = over_worlds(worlds, seed)
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    return result


def test_the_same_worlds_give_the_same_intervals() -> None:
    worlds = [world(figure=number**1.5) for number in range(20)]
    assert summary(worlds) == summary(worlds)
    one, other = (summary(worlds, seed)["figures"]["figure"] for seed in (0, 1))
    assert one["mean"] == other["mean"] and one != other, "the seed reaches the resampling"


def test_the_bootstrap_equals_the_enumeration_of_all_resamples() -> None:
    values = [0.3, 0.5, 0.9, 0.9, 1.0]
    row = summary([world(right=int(10 * value)) for value in values])["figures"]["accounts.recall"]
    means = [np.mean(drawn) for drawn in itertools.product(values, repeat=5)]
    low, high = np.percentile(means, [2.5, 97.5])
    assert row["mean"] == pytest.approx(np.mean(values))
    assert (row["bootstrap_low"], row["bootstrap_high"]) == pytest.approx((low, high), abs=0.03)
    assert (row["t_low"], row["t_high"]) == pytest.approx(metrics.t_interval(values), abs=1e-6)


def test_a_figure_that_never_differs_is_not_resampled() -> None:
    row = summary([world() for _ in range(30)])["figures"]["false_campaigns"]
    assert row["mean"] == 0.0
    assert row["bootstrap_low"] is row["bootstrap_high"] is row["t_low"] is None
    assert row["worlds_that_differ_upper_95"] == pytest.approx(0.095, abs=5e-4), "0 of 30 worlds: at most 9.5 %"


def test_a_figure_that_some_worlds_lack_is_averaged_over_the_others() -> None:
    without = world()
    del without["accounts"]["recall"]
    row = summary([world(right=5), world(right=9), without])["figures"]["accounts.recall"]
    assert row["worlds"] == 2 and row["mean"] == pytest.approx(0.7)
    assert (row["bootstrap_low"], row["bootstrap_high"]) == (0.5, 0.9)


def test_pooled_counts_bound_operators_over_all_worlds() -> None:
    pooled = summary([world(operators=15_000) for _ in range(20)])["pooled"]
    alarms = pooled["false_alarms"]
    assert (alarms["operators"], alarms["accounts"], alarms["flagged_operators"]) == (300_000, 600_000, 0)
    assert alarms["flagged_operators_per_100k_upper_95"] == pytest.approx(0.9986, abs=1e-4)
    assert pooled["false_alarms_by_difficulty"]["hard"] == alarms
    assert pooled["false_alarms_by_difficulty"]["pristine"]["flagged_operators_per_100k_upper_95"] is None
    assert pooled["false_alarms_by_archetype"]["classroom"]["operators"] == 300_000


def test_pooled_ratios_weigh_worlds_by_their_size() -> None:
    small, large = world(right=0), world(right=10)
    large["accounts"]["guilty"] = 90
    pooled = summary([small, large, world(right=10)])["pooled"]
    assert pooled["account_recall"]["value"] == pytest.approx(20 / 110, abs=1e-6)
    assert pooled["account_recall"]["bootstrap_low"] < pooled["account_recall"]["bootstrap_high"]
    assert pooled["account_precision"]["bootstrap_low"] is None, "1 in every world that flags anybody"
    assert pooled["false_campaigns_per_30_days"]["value"] == 0.0
    worth = pooled["predictive_value"]["1e-3"]
    recall, bound = 20 / 110, metrics.upper_bound(0, 300)
    assert bound is not None and worth["value"] == 1.0
    assert worth["lower_95"] == pytest.approx(recall * 1e-3 / (recall * 1e-3 + bound * 0.999), abs=1e-6)


def test_false_campaigns_per_30_days_over_all_worlds() -> None:
    pooled = summary([world(struck=1), world(), world(), world()])["pooled"]
    assert pooled["false_campaigns_per_30_days"]["value"] == 1.0, "one in four worlds of 7.5 days"


def test_false_discoveries_against_their_bound() -> None:
    null = world(hit=0, right=0, campaigns_true=0, campaigns=[], campaign_recall=None)
    found = summary([world(struck=1), *[world() for _ in range(9)], *[null] * 200])["false_discovery"]
    assert found["mean"] == pytest.approx(0.5 / 210, abs=1e-6) and found["level"] == 0.01
    assert (found["all_worlds"]["with_any"], found["all_worlds"]["worlds"]) == (1, 210)
    assert (found["null_worlds"]["with_any"], found["null_worlds"]["worlds"]) == (0, 200)
    assert found["null_worlds"]["share_upper_95"] == pytest.approx(0.015, abs=5e-4), "0 of 200: at most 1.5 %"
    assert found["t_low"] is not None
    silent = summary([null] * 3)["false_discovery"]
    assert silent["mean"] == 0.0 and silent["t_low"] is None, "zero counts get no interval of a mean"


def test_campaigns_by_preset() -> None:
    (row,) = summary([world(hit=1), world(hit=0, right=0)])["campaigns"].values()
    assert (row["campaigns"], row["hit"], row["jaccard"], row["coverage"]) == (2, 1, 0.45, 0.45)
    assert row["leakage"] is None


def test_scores_of_flags_without_groups() -> None:
    entry = {"preset": "pool", "hit": None, "jaccard": None, "coverage": 0.4}
    names = ("campaigns_hit", "campaign_recall", "false_campaigns", "false_discoveries", "false_discovery_proportion")
    flags = world() | dict.fromkeys((*names, "clustering")) | {"campaigns": [entry]}
    result = summary([flags, flags])
    assert result["campaigns"]["pool"] == {
        "campaigns": 2,
        "hit": None,
        "jaccard": None,
        "coverage": 0.4,
        "leakage": None,
    }
    assert result["false_discovery"]["mean"] is None and result["pooled"]["campaign_recall"] is None
    assert result["time"] is None and result["calibration"] is None


def test_time_and_calibration_are_over_all_worlds() -> None:
    def told(leaked: int, stated: float, rate: float) -> dict[str, Any]:
        entry = {"preset": "pool", "hit": True, "jaccard": 1.0, "coverage": 1.0, "leakage": leaked / 100}
        amounts = {"exchanges": 100, "leaked_exchanges": leaked, "leaked_output_tokens": None, "leaked_usd": None}
        times = {"detectable_at": "then", "hours_to_detectable": float(leaked)}
        bins = [{"from": 0.8, "to": 0.9, "items": 10, "mean_probability": stated, "rate": rate}]
        table = {"items": 10, "brier": 0.1, "reliability": bins}
        calibration = dict.fromkeys(("members", "posteriors", "posteriors_listed"), table)
        return world(campaigns=[entry | amounts | times], calibration=calibration, time={})

    result = summary([told(10, 0.8, 0.6), told(30, 0.86, 1.0)])
    assert result["time"]["leaked_exchanges"]["median"] == 20.0
    assert result["time"]["hours_to_detectable"]["median"] == 20.0
    members = result["calibration"]["members"]
    assert members["items"] == 20 and members["reliability"][0]["mean_probability"] == pytest.approx(0.83)
    assert members["calibration_error"] == pytest.approx(0.03), "errors of worlds that cancel are no error"


def test_no_world_is_no_error() -> None:
    result = summary([])
    assert result["worlds"] == 0 and result["figures"] == {} and result["pooled"]["account_recall"] is None


def test_the_terminal_shows_means_with_intervals() -> None:
    console = Console(width=100, file=io.StringIO(), record=True)
    console.print(render_summary(summary([world(right=5), world(right=9, struck=1)])))
    text = console.export_text()
    assert "Over 2 worlds" in text and "0.700" in text and "0.500 to 0.900" in text
    assert "2 of 2" in text and "1 of 200" in text
    assert "other in ≤ 78 % of worlds" in text, "campaign recall is 1 in both"
    assert max(len(line) for line in text.splitlines()) <= 100
