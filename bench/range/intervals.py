"""Figures over worlds with their intervals: pooled ratios or means, resampled by whole worlds.

Worlds are resampled and not accounts or exchanges; all seeds of one world are drawn together, because they share their
presets (where there is one world only, its seeds are drawn). A ratio that is nothing or everything in every world is
never resampled: its interval is Clopper and Pearson's over worlds, or over benign operators for a rate of false alarms.
Source: statistics cookbook, section 12 (intervals over worlds).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.draws import generator

Row = Mapping[str, Any]
CONFIDENCE = 0.95
RESAMPLES = 2_000
HIGHER, LOWER = "higher", "lower"
PER_100K = 100_000.0
MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the results.

    Attributes:
        name: key in the results.
        said: heading in tables.
        better: `higher` or `lower`.
        numerator: count on top, or the value that is averaged.
        denominator: count below; None for a mean over worlds.
        factor: what the ratio is multiplied by.
        share: whether it lies between 0 and 1 (before the factor).
        cost: whether it says what a method costs, which no threshold changes.
        independent: (on top, below) counts of independent units for the interval of a ratio at its boundary; worlds
            where None.
    """

    name: str
    said: str
    better: str
    numerator: str
    denominator: str | None = None
    factor: float = 1.0
    share: bool = True
    cost: bool = False
    independent: tuple[str, str] | None = None


FIGURES: tuple[Figure, ...] = (
    Figure("account_precision", "precision", HIGHER, "right", "flagged"),
    Figure("account_recall", "recall", HIGHER, "right", "guilty"),
    Figure(
        "false_accounts_per_100k", "false accounts per 100k", LOWER, "false_accounts", "benign", PER_100K,
        independent=("false_operators", "benign_operators"),
    ),
    Figure(
        "false_operators_per_100k", "false operators per 100k", LOWER, "false_operators", "benign_operators", PER_100K,
        independent=("false_operators", "benign_operators"),
    ),
    Figure("campaign_recall", "campaigns found", HIGHER, "campaigns_hit", "campaigns_true"),
    Figure("coverage", "coverage of campaigns", HIGHER, "coverage"),
    Figure("jaccard", "Jaccard", HIGHER, "jaccard"),
    Figure("false_campaigns", "false campaigns a world", LOWER, "false_campaigns", share=False),
    Figure("false_discovery", "false discoveries", LOWER, "false_discovery"),
    Figure("b_cubed_f1", "B-cubed F1", HIGHER, "b_cubed_f1"),
    Figure("pairwise_f1", "pairwise F1", HIGHER, "pairwise_f1"),
    Figure("adjusted_mutual_information", "AMI", HIGHER, "adjusted_mutual_information"),
    Figure("seconds_per_million", "s per 1M exchanges", LOWER, "seconds", "exchanges", MILLION, share=False, cost=True),
    Figure("peak_memory_mib", "peak MiB", LOWER, "peak_memory_mib", share=False, cost=True),
)  # fmt: skip


def over_worlds(figure: Figure, rows: Sequence[Row]) -> dict[str, Any] | None:
    """One figure over some worlds: value, interval, number of worlds and of runs; None where no world has it.

    Args:
        figure: what is computed.
        rows: one for each world and seed, with `world`, `seed` and counts.

    Returns:
        `value`, `low`, `high` (None where there is nothing to resample), `interval` (how it was made), `worlds`,
        `runs`.
    """
    names = (figure.numerator, *((figure.denominator,) if figure.denominator else ()))
    there = [row for row in rows if all(row.get(name) is not None for name in names)]
    if not there:
        return None
    below = np.array([float(row[figure.denominator]) if figure.denominator else 1.0 for row in there])
    there, below = [row for row, one in zip(there, below, strict=True) if one > 0], below[below > 0]
    if not there:
        return None
    top = np.array([float(row[figure.numerator]) for row in there])
    clusters = clustered(there)
    counts = {"worlds": len({row["world"] for row in there}), "runs": len(there)}
    value = top.sum() / below.sum()
    bounds = at_boundary(figure, there, top, below)
    if bounds is None:
        low, high = resampled(figure.name, top, below, clusters)
        how = "none" if low is None else "worlds resampled"
    else:
        (low, high), how = bounds, "exact"
    scaled = {name: None if one is None else one * figure.factor for name, one in (("low", low), ("high", high))}
    return {"value": value * figure.factor, **scaled, "interval": how, **counts}


def clustered(rows: Sequence[Row]) -> NDArray[np.int64]:
    """Number of the cluster of each row: its world, or its seed where there is one world only."""
    worlds = [row["world"] for row in rows]
    chosen = worlds if len(set(worlds)) > 1 else [row["seed"] for row in rows]
    return np.unique(np.array(chosen), return_inverse=True)[1].astype(np.int64)


def at_boundary(
    figure: Figure, rows: Sequence[Row], top: NDArray[np.float64], below: NDArray[np.float64]
) -> tuple[float, float] | None:
    """Exact interval of a share that is 0 or 1 in every world; None for any other figure.

    The mean of values between 0 and 1 is at most the chance that one is above 0, so the same bound holds for means.
    """
    if not figure.share or not (top.sum() == 0 or np.array_equal(top, below)):
        return None
    units = len(np.unique(clustered(rows)))
    if figure.independent is not None:
        units = int(sum(row[figure.independent[1]] for row in rows))
    return exact(0 if top.sum() == 0 else units, units)


def exact(successes: int, units: int) -> tuple[float, float]:
    """Clopper-Pearson interval.

    >>> [round(bound, 3) for bound in exact(0, 30)]
    [0.0, 0.116]
    """
    from scipy.stats import binomtest

    interval = binomtest(successes, units).proportion_ci(CONFIDENCE, method="exact")
    return float(interval.low), float(interval.high)


def resampled(
    name: str, top: NDArray[np.float64], below: NDArray[np.float64], clusters: NDArray[np.int64]
) -> tuple[float | None, float | None]:
    """Percentile bootstrap of Σ top / Σ below over clusters; None where there is one only, or where all agree."""
    many = int(clusters.max()) + 1
    if many < 2 or len(np.unique(top / below)) == 1:
        return None, None
    tops, belows = np.bincount(clusters, top, many), np.bincount(clusters, below, many)
    drawn = generator(0, "range intervals", name.encode()).integers(many, size=(RESAMPLES, many))
    ratios = tops[drawn].sum(axis=1) / belows[drawn].sum(axis=1)
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(ratios, [tail, 1.0 - tail])
    return float(low), float(high)
