"""Figures over many worlds: means with intervals over worlds, pooled counts, false discoveries against their bound.

A world is the unit: what happens inside one hangs together. A figure that is the same in every world is never
resampled, which would give an interval without width; what is bounded then is the share of worlds that would differ.
Source: statistics cookbook, section 12 (percentile bootstrap covers 88.9 % with 10 worlds, the t interval 93.1 %).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.draws import generator
from hydrometer.simulate import metrics, score_accounts, score_calibration, score_time
from hydrometer.simulate.score_matches import MONTH
from hydrometer.simulate.score_rounding import rounded

RESAMPLES = 2_000
_APART = ("campaigns", "false_alarms_by_archetype", "days", "false_discovery_level")
"""Entries that are pooled or stated and not averaged."""
_RATIOS = {
    "campaign_recall": ("campaigns_hit", "campaigns_true"),
    "account_precision": ("accounts.right", "accounts.flagged"),
    "account_recall": ("accounts.right", "accounts.guilty"),
    "exchange_precision": ("exchanges.right", "exchanges.attributed"),
    "exchange_recall": ("exchanges.right", "exchanges.true"),
    "false_campaigns_per_30_days": ("false_campaigns", "months"),
}
"""Figures of all worlds as one: what is counted, and out of what."""
_COUNTS = ("accounts", "operators", "flagged_accounts", "flagged_operators")
_PRESET_MEANS = ("jaccard", "coverage", "leakage")
_CALIBRATED = ("members", "posteriors", "posteriors_listed")
_TAILS = (100.0 * (1.0 - metrics.CONFIDENCE) / 2.0, 100.0 * (1.0 + metrics.CONFIDENCE) / 2.0)
Score = Mapping[str, Any]
Floats = NDArray[np.float64]


def over_worlds(scores: Sequence[Score], seed: int = 0) -> dict[str, object]:
    """What several worlds say together.

    Args:
        scores: results of `score.score`, or of `score.score_flags`, one for each world.
        seed: of the resampling of worlds.

    Returns:
        `worlds`, their number; `figures`, for every number of a score (named by its path) its mean, percentile
        bootstrap and t interval over the worlds that have it; `pooled`, all worlds counted as one; `false_discovery`;
        `campaigns` by preset; `time` over all campaigns; `calibration` over all members and groups.
    """
    flat = [dict(_numbers(score)) for score in scores]
    weights = _weights(len(scores), seed)
    return rounded(
        {
            "worlds": len(scores),
            "figures": _figures(flat, weights),
            "pooled": _pooled(scores, flat, weights),
            "false_discovery": _false_discovery(scores),
            "campaigns": _by_preset(scores),
            "time": _time(scores),
            "calibration": _calibration(scores),
        }
    )


def _numbers(score: Score, path: str = "") -> Iterator[tuple[str, float]]:
    """Every number of a score by its path; what is pooled, and lists, are left out."""
    for name, value in score.items():
        if not path and name in _APART:
            continue
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{path}{name}.")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield f"{path}{name}", float(value)


def _weights(worlds: int, seed: int) -> Floats:
    """Shape (resamples, worlds): how often each resample draws each world."""
    if not worlds:
        return np.zeros((RESAMPLES, 0))
    shares = np.full(worlds, 1.0 / worlds)
    return generator(seed, "over_worlds").multinomial(worlds, shares, RESAMPLES).astype(np.float64)


def _figures(flat: Sequence[Mapping[str, float]], weights: Floats) -> dict[str, object]:
    """Mean and intervals of each number over the worlds that have it."""
    names = sorted({name for world in flat for name in world})
    return {
        name: _interval(
            np.array([world.get(name, np.nan) for world in flat]), np.array([float(name in world) for world in flat]),
            weights,
        )
        for name in names
    }  # fmt: skip


def _interval(values: Floats, present: Floats, weights: Floats) -> dict[str, object]:
    """Mean of one figure over worlds with both intervals, or the bound on differing worlds where all agree."""
    known = values[present > 0]
    row: dict[str, object] = {"worlds": len(known), "mean": float(known.mean())}
    none = dict.fromkeys(("bootstrap_low", "bootstrap_high", "t_low", "t_high"))
    if np.ptp(known) == 0.0:
        return row | none | {"worlds_that_differ_upper_95": metrics.upper_bound(0, len(known))}
    bootstrap = _resampled(np.nan_to_num(values) * present, present, weights)
    t_interval = metrics.t_interval(known.tolist())
    return row | dict(zip(none, (*bootstrap, *t_interval), strict=True)) | {"worlds_that_differ_upper_95": None}


def _resampled(parts: Floats, wholes: Floats, weights: Floats) -> tuple[float, float]:
    """Percentile interval of the sum of `parts` over the sum of `wholes` when worlds are drawn anew."""
    below = weights @ wholes
    ratios = (weights @ parts)[below > 0] / below[below > 0]
    low, high = np.percentile(ratios, _TAILS)
    return float(low), float(high)


def _pooled(scores: Sequence[Score], flat: Sequence[Mapping[str, float]], weights: Floats) -> dict[str, object]:
    """All worlds counted as one; bounds of false alarms count benign operators."""
    months = [{"months": score["days"] / MONTH.days} if score.get("days") else {} for score in scores]
    worlds = [{**world, **length} for world, length in zip(flat, months, strict=True)]
    sides = [score["false_alarms_by_difficulty"] for score in scores]
    kinds = [score["false_alarms_by_archetype"] for score in scores]
    ratios = {name: _ratio(worlds, *paths, weights) for name, paths in _RATIOS.items()}
    alarms = _sums([row for side in sides for row in side.values()])
    recall = ratios["account_recall"]
    return {
        **ratios,
        "false_alarms": alarms,
        "predictive_value": score_accounts.predictive_values(
            recall["value"] if recall else None, alarms["flagged_operators"], alarms["operators"]
        ),
        "false_alarms_by_difficulty": _by_name(sides, _sums),
        "false_alarms_by_archetype": _by_name(kinds, _sums),
    }


def _ratio(worlds: Sequence[Mapping[str, float]], part: str, whole: str, weights: Floats) -> dict[str, Any] | None:
    """One ratio of sums over the worlds that know both, with its bootstrap interval; none if all worlds agree."""
    known = np.array([part in world and whole in world for world in worlds])
    parts, wholes = (
        np.array([world.get(name, 0.0) if there else 0.0 for world, there in zip(worlds, known, strict=True)])
        for name in (part, whole)
    )
    if not wholes.sum():
        return None
    ratios = parts[wholes > 0] / wholes[wholes > 0]
    low, high = _resampled(parts, wholes, weights) if np.ptp(ratios) else (None, None)
    return {
        "worlds": int(known.sum()),
        "part": float(parts.sum()),
        "whole": float(wholes.sum()),
        "value": float(parts.sum() / wholes.sum()),
        "bootstrap_low": low,
        "bootstrap_high": high,
    }


def _sums(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Counts of benign populations added, with rates and bound."""
    return score_accounts.counted_alarms(*(sum(row[name] for row in rows) for name in _COUNTS))


def _by_name(
    tables: Sequence[Mapping[str, Any]], add: Callable[[Sequence[Mapping[str, Any]]], dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Rows of one name in several tables, added."""
    rows: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for name, row in (item for table in tables for item in table.items()):
        rows[name].append(row)
    return {name: add(rows[name]) for name in sorted(rows)}


def _false_discovery(scores: Sequence[Score]) -> dict[str, object]:
    """Mean share of false discoveries against its bound, and worlds with any, null worlds apart.

    A world without a discovery counts with a share of nought.
    """
    told = [score for score in scores if score.get("false_discovery_proportion") is not None]
    shares = np.array([score["false_discovery_proportion"] for score in told], dtype=np.float64)
    levels = [score["false_discovery_level"] for score in told if score.get("false_discovery_level") is not None]
    low, high = metrics.t_interval(shares.tolist()) if shares.any() else (None, None)
    return {
        "level": max(levels, default=None),
        "mean": float(shares.mean()) if len(shares) else None,
        "t_low": low,
        "t_high": high,
        "all_worlds": _worlds_with_any([score["false_discoveries"] for score in told]),
        "null_worlds": _worlds_with_any([score["false_discoveries"] for score in told if not score["campaigns_true"]]),
    }


def _worlds_with_any(counts: Sequence[int]) -> dict[str, object]:
    """Worlds in which something happened, with the Clopper-Pearson bound of their share."""
    struck = sum(count > 0 for count in counts)
    return {"worlds": len(counts), "with_any": struck, "share_upper_95": metrics.upper_bound(struck, len(counts))}


def _by_preset(scores: Sequence[Score]) -> dict[str, object]:
    """Campaigns of each preset over all worlds: how many are found, how well, and how late."""
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in (entry for score in scores for entry in score["campaigns"]):
        groups[entry["preset"]].append(entry)
    return {preset: _preset(entries) for preset, entries in sorted(groups.items())}


def _preset(entries: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """Figures of the campaigns of one preset."""
    hits = [entry["hit"] for entry in entries]
    told = {name: [entry[name] for entry in entries if entry.get(name) is not None] for name in _PRESET_MEANS}
    return {
        "campaigns": len(entries),
        "hit": None if None in hits else sum(hits),
        **{name: metrics.ratio(sum(values), len(values)) for name, values in told.items()},
    }


def _time(scores: Sequence[Score]) -> dict[str, object] | None:
    """Time and leakage over the campaigns of all worlds; None where no score speaks of time."""
    entries = [entry for score in scores if "time" in score for entry in score["campaigns"]]
    return score_time.figures(entries) if entries else None


def _calibration(scores: Sequence[Score]) -> dict[str, object] | None:
    """Calibration over the members and groups of all worlds; None where no score speaks of it."""
    tables = [score["calibration"] for score in scores if "calibration" in score]
    return (
        {name: score_calibration.pooled([table[name] for table in tables]) for name in _CALIBRATED} if tables else None
    )
