"""Requests held back by random times, so that accounts do not act together.

Source: detection table, section 9, evasion 5; robustness axis "timing jitter 0–24 h".
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate.world import Cohort, Evasion

_SECONDS_AN_HOUR = 3600.0


def _apply(cohort: Cohort, value: float, draw: np.random.Generator) -> Cohort:
    """Every conversation begins up to so many hours earlier or later."""
    cohort.accounts["jitter_s"] = np.full(cohort.size, value * _SECONDS_AN_HOUR)
    return cohort


EVASION = Evasion(
    "jitter",
    "conversations moved by random times",
    _apply,
    low=0.0,
    high=24.0,
    steps=(0.0, 0.25, 1.0, 4.0, 12.0, 24.0),
    unit="hours to either side",
    cost="data that come later",
)
