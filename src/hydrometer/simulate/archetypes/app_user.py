"""People who bring their own key to a popular open chat front end: strangers with one client build and its defaults.

They make the commonest client stack and the commonest sampling settings common, so that neither tells anything.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = (
    "ask",
    "explain",
    "write",
    "rewrite",
    "translate",
    "summarise",
    "steps",
    "rate",
    "code_fix",
    "exam",
    "exercises",
)
_MEANS = [2.6, 1.4, 1.3, 0.9, 0.9, 1.0, 0.7, 0.5, 0.8, 0.5, 0.4]
_FRONT_ENDS = 4
_SINGLE_SHARE = 0.45


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Nearly half use it for single questions only; some keep the front end's own system prompt."""
    accounts = people.ordinary(size, identity.SDK, 11.0, draw)
    people.framework_defaults(accounts, 0.3, draw)
    accounts["turns"] = np.where(draw.random(size) < _SINGLE_SHARE, 1.0, accounts["turns"])
    own = speech.system(speech.FRAMEWORK, draw.integers(0, _FRONT_ENDS, size))
    accounts["system"] = np.where(draw.random(size) < 0.35, own, people.NOTHING)
    accounts["thinking"] = np.where(draw.random(size) < 0.3, identity.THINKING_BUDGETS[-1], accounts["thinking"])
    _operators.churn(accounts, draw)
    people.tinker(accounts, draw)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.45, draw))


ARCHETYPE = Archetype("app_user", "strangers who bring their key to one popular front end", _settle)
