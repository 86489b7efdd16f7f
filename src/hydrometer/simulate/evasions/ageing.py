"""Accounts made long before they are used, one by one.

Source: detection table, section 6.1 (account ageing).
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import people
from hydrometer.simulate.world import Cohort, Evasion


def _apply(cohort: Cohort, value: float, draw: np.random.Generator) -> Cohort:
    """A share of the accounts is as old as other people's, and made on no particular day."""
    aged = draw.random(cohort.size) < value
    traits = cohort.accounts
    traits["created"] = np.where(aged, people.ages(cohort.size, draw), traits["created"])
    return cohort


EVASION = Evasion(
    "ageing",
    "accounts made one by one, long before",
    _apply,
    low=0.0,
    high=1.0,
    steps=(0.0, 0.25, 0.5, 0.75, 1.0),
    unit="share of accounts",
    cost="months of waiting for every account",
)
