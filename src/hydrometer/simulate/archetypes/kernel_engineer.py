"""Engineers who write kernels for accelerators: narrow, long, technical questions with measurements in them.

A twin of collecting code of one rare kind: they compile what they get and come back with its error.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("kernel_ask", "code_fix", "code_write", "explain", "steps")
_MEANS = [4.2, 1.4, 1.1, 0.8, 0.4]
_ACCOUNTS, _MEDIAN = 2.5, 30.0
_SPREAD = (6.0, 12.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Small teams in an editor, conversations of many turns, mostly on the deep model."""
    accounts, team = _operators.firms(size, _ACCOUNTS, identity.EDITOR, _MEDIAN, draw)
    accounts["system"] = speech.system(speech.EDITOR, draw.integers(0, 3, size))
    accounts["tools"] = np.where(draw.random(size) < 0.6, 0, people.NOTHING)
    accounts["turns"] = 2.0 + draw.gamma(1.6, 2.2, size)
    accounts["model"] = np.where(draw.random(size) < 0.6, identity.DEEP, accounts["model"])
    accounts["thinking"] = np.where(draw.random(size) < 0.6, identity.THINKING_BUDGETS[-1], accounts["thinking"])
    accounts["rhythm"] = draw.choice([clock.OFFICE, clock.EVENING, clock.WAKING], size, p=[0.6, 0.2, 0.2])
    return Cohort(accounts, _KINDS, _operators.tastes(team, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("kernel_engineer", "teams that write kernels for accelerators", _settle)
