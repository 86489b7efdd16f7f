"""Enthusiasts, newsletters and influencers: they sign up for a release, try the new model for hours and move on.

Look-alike 9 of the detection table, section 8: everyone pivots, over new topics and not over a work-list.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("trial", "ask", "code_write", "steps", "rate", "viral", "explain")
_MEANS = [3.0, 1.0, 0.7, 0.6, 0.5, 0.7, 0.6]
_NEWCOMERS = 0.4


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Most traffic comes after the release and goes to the new model; many accounts are hours old."""
    accounts = people.ordinary(size, identity.BROWSER, 10.0, draw)
    script = draw.random(size) < 0.35
    accounts["client"] = np.where(script, identity.clients(identity.SDK, size, draw), accounts["client"])
    accounts["pathway"] = np.where(script, identity.API, accounts["pathway"])
    newcomer = draw.random(size) < _NEWCOMERS
    joined = clock.RELEASE_US + (draw.gamma(1.2, 6.0, size) * clock.HOUR_US).astype(np.int64)
    accounts["opened"] = np.where(newcomer, joined, clock.RELEASE_US - 20 * clock.HOUR_US)
    accounts["closed"] = np.minimum(accounts["opened"] + 40 * clock.HOUR_US, clock.END_US)
    accounts["created"] = np.where(newcomer, joined - clock.HOUR_US // 4, accounts["created"])
    accounts["rhythm"] = np.full(size, clock.WINDOW)
    accounts["adopts"] = draw.beta(5.0, 1.2, size)
    accounts["adopt_at"] = clock.RELEASE_US + (draw.gamma(1.0, 3.0, size) * clock.HOUR_US).astype(np.int64)
    accounts["thinking"] = np.where(draw.random(size) < 0.5, identity.THINKING_BUDGETS[-1], accounts["thinking"])
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.9, draw), shared_items=(("viral", 1),))


ARCHETYPE = Archetype("release_enthusiast", "people who come for the new model", _settle)
