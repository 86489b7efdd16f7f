"""Teams whose members resume each other's coding sessions: reasoning of one account returns in another's request.

A twin of replayed sessions: the scope is one organisation, whose people work on the same repositories.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("agent", "code_fix", "code_write", "explain")
_MEANS = [4.0, 1.6, 1.2, 0.5]
_ACCOUNTS, _MEDIAN = 8.0, 40.0
_SPREAD = (8.0, 12.0)
_BUILDS = 3


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Programmers of one firm in one editor, long chains of tool turns, always with thinking."""
    accounts, team = _operators.firms(size, _ACCOUNTS, identity.EDITOR, _MEDIAN, draw)
    accounts["resumes"] = people.one_each(team, draw.beta(1.5, 6.0, size))
    budget = draw.choice(identity.THINKING_BUDGETS[1:], size)
    accounts["thinking"] = people.one_each(team, budget)
    accounts["system"] = speech.system(speech.EDITOR, people.one_each(team, draw.integers(0, _BUILDS, size)))
    accounts["tools"] = np.zeros(size, dtype=np.int64)
    accounts["turns"] = 4.0 + draw.gamma(2.0, 2.5, size)
    accounts["client"] = np.where(
        draw.random(size) < 0.7, people.one_each(team, accounts["client"]), accounts["client"]
    )
    return Cohort(accounts, _KINDS, _operators.tastes(team, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("session_resumer", "teams that resume each other's sessions", _settle)
