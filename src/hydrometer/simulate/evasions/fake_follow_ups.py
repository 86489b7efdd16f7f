"""Later turns that pose as follow-ups but do not depend on the answer.

Source: detection table, section 9, evasion 6 (fake follow-ups).
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate.world import Cohort, Evasion

_TURNS = 2.6


def _apply(cohort: Cohort, value: float, draw: np.random.Generator) -> Cohort:
    """A share of the accounts asks on, whatever was answered."""
    poses = draw.random(cohort.size) < value
    traits = cohort.accounts
    asked_on = traits.get("fake_follow", np.full(cohort.size, False))
    traits["fake_follow"] = asked_on | poses
    traits["turns"] = np.where(poses, np.maximum(traits["turns"], _TURNS), traits["turns"])
    return cohort


EVASION = Evasion(
    "fake_follow_ups",
    "later turns that do not depend on the answer",
    _apply,
    low=0.0,
    high=1.0,
    steps=(0.0, 0.25, 0.5, 0.75, 1.0),
    unit="share of accounts",
    cost="more than half of the paid turns",
)
