"""Ordinary people who talk to the assistant in a browser or an app, in their own language and at their own hours."""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = (
    "ask",
    "explain",
    "write",
    "rewrite",
    "translate",
    "summarise",
    "plan",
    "steps",
    "rate",
    "exam",
    "code_fix",
    "exercises",
)
_MEANS = [3.0, 1.6, 1.4, 1.0, 0.8, 0.9, 1.0, 0.55, 0.4, 0.35, 0.7, 0.25]


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """People of all countries; a few ask for steps or scores in nearly everything they write."""
    accounts = people.ordinary(size, identity.BROWSER, 8.0, draw)
    _operators.churn(accounts, draw)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.5, draw))


ARCHETYPE = Archetype("chat_user", "ordinary people in a browser", _settle)
