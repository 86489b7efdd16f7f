"""Banned accounts replaced within minutes by new ones that go on with the same work.

Source: mission table, rows 32 and 33.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate.coordination import ban_replacement
from hydrometer.simulate.world import Cohort, Evasion


def _apply(cohort: Cohort, value: float, draw: np.random.Generator) -> Cohort:
    """A share of the accounts takes part: half of them are banned in the week, the other half takes over."""
    return ban_replacement(cohort, value, draw)


EVASION = Evasion(
    "ban_response",
    "banned accounts are replaced within minutes",
    _apply,
    low=0.0,
    high=1.0,
    steps=(0.0, 0.25, 0.5, 0.75, 1.0),
    unit="share of accounts that are banned or replace one",
    cost="a new account for each ban",
)
