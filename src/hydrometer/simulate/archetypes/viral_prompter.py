"""Strangers who all paste the same prompt that went round that week, and a few questions of their own."""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("viral", "ask", "write", "plan", "rate")
_MEANS = [3.0, 1.4, 0.8, 0.6, 0.4]


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Unrelated people in two days of the week."""
    accounts = people.ordinary(size, identity.BROWSER, 5.0, draw)
    accounts["language"] = np.zeros(size, dtype=np.int64)
    accounts["opened"] = clock.START_US + (draw.gamma(2.0, 16.0, size) * clock.HOUR_US).astype(np.int64)
    accounts["opened"] = np.minimum(accounts["opened"], clock.END_US - clock.DAY_US)
    accounts["closed"] = accounts["opened"] + clock.DAY_US // 2
    accounts["rhythm"] = np.full(size, clock.WINDOW)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.9, draw), shared_items=(("viral", 1),))


ARCHETYPE = Archetype("viral_prompter", "strangers who paste one viral prompt", _settle)
