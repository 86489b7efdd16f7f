"""Items of the work-list asked a second time, so that the accounts do not divide it without overlap.

Source: detection table, section 9, evasion 6 (decoy duplicates).
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate.world import Cohort, Evasion


def _apply(cohort: Cohort, value: float, draw: np.random.Generator) -> Cohort:
    """A share of the harvest repeats an item that some account asks."""
    cohort.accounts["decoys"] = np.full(cohort.size, value)
    return cohort


EVASION = Evasion(
    "decoys",
    "work-list items asked twice",
    _apply,
    low=0.0,
    high=0.8,
    steps=(0.0, 0.05, 0.1, 0.2, 0.4, 0.8),
    unit="share of the harvest",
    cost="paid answers that add nothing",
)
