"""Harvest hidden among a reseller's traffic in the same accounts.

The accounts keep their volume, so that the harvest shrinks as the cover grows. Source: mission table, row 24; detection
table, section 9, evasion 3.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import cover
from hydrometer.simulate.world import Cohort, Evasion

_SPREAD = 0.12


def _apply(cohort: Cohort, value: float, draw: np.random.Generator) -> Cohort:
    """A share of each account's traffic, more or less, is what ordinary customers send."""
    if value == 0.0:
        return cohort
    share = np.clip(value + _SPREAD * min(value, 1.0 - value) * draw.standard_normal(cohort.size), 0.0, 0.999)
    return cover.mixed(cohort, share, draw)


EVASION = Evasion(
    "mixing",
    "harvest hidden among ordinary traffic of the same accounts",
    _apply,
    low=0.0,
    high=0.99,
    steps=(0.0, 0.5, 0.75, 0.9, 0.95, 0.99),
    unit="share of an account's traffic that is cover",
    cost="cover traffic to find, or to pay for",
)
