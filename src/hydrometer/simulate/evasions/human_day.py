"""Traffic that follows the day of people in the country that an account claims.

Source: detection table, section 9, evasion 5 (human diurnal replay).
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock
from hydrometer.simulate.world import Cohort, Evasion


def _apply(cohort: Cohort, value: float, draw: np.random.Generator) -> Cohort:
    """A share of the accounts wakes, works and sleeps."""
    size, traits = cohort.size, cohort.accounts
    human = draw.random(size) < value
    day = draw.choice([clock.WAKING, clock.OFFICE, clock.EVENING], size, p=[0.5, 0.25, 0.25])
    traits["rhythm"] = np.where(human, day, traits["rhythm"])
    traits["machine"] = np.where(human, False, traits["machine"])
    return cohort


EVASION = Evasion(
    "human_day",
    "traffic by the day of people",
    _apply,
    low=0.0,
    high=1.0,
    steps=(0.0, 0.25, 0.5, 0.75, 1.0),
    unit="share of accounts",
    cost="accounts that are idle at night",
)
