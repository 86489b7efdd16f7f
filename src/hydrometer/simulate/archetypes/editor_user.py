"""Programmers in one coding editor: thousands of strangers with one system prompt, switched all at once.

Look-alike 1 of the detection table, section 8. At the release the editor's maker switches everyone's default on its own
server, so all pivot in one hour.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("code_fix", "code_write", "agent", "explain", "steps")
_MEANS = [2.2, 1.4, 1.8, 0.4, 0.25]
_SWITCH_DELAY_H, _KEEP_DEFAULT = 5, 0.7


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Own cards and lines; one client, one prompt in a few builds, tools with real results."""
    accounts = people.ordinary(size, identity.EDITOR, 18.0, draw)
    accounts["system"] = speech.system(speech.EDITOR, draw.integers(0, speech.EDITOR_BUILDS, size))
    accounts["tools"] = np.zeros(size, dtype=np.int64)
    accounts["turns"] = 2.0 + draw.gamma(1.5, 2.5, size)
    accounts["rhythm"] = draw.choice([clock.OFFICE, clock.EVENING, clock.WAKING], size, p=[0.55, 0.25, 0.2])
    accounts["model"] = np.where(draw.random(size) < _KEEP_DEFAULT, identity.STANDARD, accounts["model"])
    accounts["adopts"] = np.where(accounts["model"] == identity.STANDARD, 0.97, accounts["adopts"])
    accounts["adopt_at"] = np.where(
        accounts["adopts"] > 0.9, clock.RELEASE_US + _SWITCH_DELAY_H * clock.HOUR_US, accounts["adopt_at"]
    )
    accounts["thinking"] = np.where(draw.random(size) < 0.45, identity.THINKING_BUDGETS[-1], accounts["thinking"])
    accounts["temperature"] = np.where(draw.random(size) < 0.7, 0.2, accounts["temperature"])
    _operators.churn(accounts, draw)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.8, draw))


ARCHETYPE = Archetype("editor_user", "programmers in one coding editor with one system prompt", _settle)
