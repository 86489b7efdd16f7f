"""Whether stated probabilities come true: Brier score, calibration error and what it would be by luck, null p-values.

The calibration error is biased up: of a perfect model it is far from nought at a hundred items, so it is never shown
without the value expected under calibration. Source: statistics cookbook, section 12; Brier 1950; Naeini, Cooper &
Hauskrecht 2015 (ECE); Kolmogorov 1933 (95 % band 1.358/√n).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.draws import generator

BINS = 10
_SIMULATIONS = 200
_BAND = 1.358
"""Kolmogorov's 95 % quantile of √n times the largest gap."""
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Items by stated probability, in bins of equal width over [0, 1].

    Attributes:
        items: shape (bins,), how many items each bin holds.
        probability_sums: shape (bins,), sum of their probabilities.
        outcomes: shape (bins,), how many of them came true.
    """

    items: Floats
    probability_sums: Floats
    outcomes: Floats

    @property
    def error(self) -> float | None:
        """Expected calibration error: mean distance of stated and realised rate, weighted by items; None for none."""
        total = float(self.items.sum())
        return float(np.abs(self.probability_sums - self.outcomes).sum()) / total if total else None

    def rows(self) -> list[dict[str, float | int]]:
        """One row for each bin that holds anything: its bounds, items, mean probability and realised rate."""
        bins = len(self.items)
        return [
            {
                "from": number / bins,
                "to": (number + 1) / bins,
                "items": int(self.items[number]),
                "mean_probability": float(self.probability_sums[number] / self.items[number]),
                "rate": float(self.outcomes[number] / self.items[number]),
            }
            for number in np.flatnonzero(self.items).tolist()
        ]


def reliability(
    probabilities: Sequence[float] | Floats, outcomes: Sequence[bool] | Flags, bins: int = BINS
) -> Reliability:
    """Sorts items into bins by their stated probability.

    >>> round(reliability([0.1, 0.2, 0.8, 0.9, 0.95], [False, False, True, True, False], bins=2).error, 6)
    0.19
    """
    stated = np.asarray(probabilities, dtype=np.float64)
    place = np.minimum((stated * bins).astype(np.int64), bins - 1)
    columns = np.ones(len(stated)), stated, np.asarray(outcomes, dtype=np.float64)
    return Reliability(*(np.bincount(place, column, bins).astype(np.float64) for column in columns))


def brier(probabilities: Sequence[float], outcomes: Sequence[bool]) -> float | None:
    """Mean squared distance of probability and outcome, lower = better; None for no item.

    >>> round(brier([0.1, 0.2, 0.8, 0.9, 0.95], [False, False, True, True, False]), 6)
    0.2005
    """
    if not len(probabilities):
        return None
    gaps = np.asarray(probabilities, dtype=np.float64) - np.asarray(outcomes, dtype=np.float64)
    return float(np.mean(gaps**2))


def expected_error(probabilities: Sequence[float], bins: int = BINS, seed: int = 0) -> float | None:
    """Calibration error that these probabilities would show if they were right, by simulation; None for no item."""
    if not len(probabilities):
        return None
    stated = np.asarray(probabilities, dtype=np.float64)
    draw = generator(seed, "calibration")
    errors = [reliability(stated, draw.random(len(stated)) < stated, bins).error or 0.0 for _ in range(_SIMULATIONS)]
    return float(np.mean(errors))


def expected_error_of_bins(table: Reliability, seed: int = 0) -> float | None:
    """The same from the bins alone, as if each item had its bin's mean probability: for tables summed over worlds."""
    held = table.items > 0
    if not held.any():
        return None
    items, sums = table.items[held], table.probability_sums[held]
    rates = np.clip(sums / items, 0.0, 1.0)
    true = generator(seed, "calibration_of_bins").binomial(items.astype(np.int64), rates, (_SIMULATIONS, len(items)))
    return float(np.abs(sums - true).sum(axis=1).mean() / items.sum())


def excess_of_small(p_values: Sequence[float]) -> float | None:
    """Largest amount by which the share of p-values up to x exceeds x: above `band`, small ones are too frequent.

    >>> excess_of_small([0.1, 0.6])
    0.4
    """
    if not len(p_values):
        return None
    ordered = np.sort(np.asarray(p_values, dtype=np.float64))
    return float(max(0.0, np.max(np.arange(1, len(ordered) + 1) / len(ordered) - ordered)))


def band(items: int) -> float | None:
    """Kolmogorov's 95 % band for so many uniform p-values.

    >>> round(band(200), 3)
    0.096
    """
    return _BAND / math.sqrt(items) if items else None
