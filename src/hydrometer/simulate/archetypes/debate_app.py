"""Debate clubs and the app they practise with: both sides of a motion, with reasons. For out-of-distribution worlds.

Asks for arguments step after step without ever wanting training data.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("debate", "explain", "steps", "rate", "ask")
_MEANS = [5.0, 0.8, 0.6, 0.9, 0.6]
_MEMBERS, _MEDIAN, _BUILDS = 12.0, 14.0, 2
_SPREAD = (7.0, 8.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Clubs of a dozen people with own accounts, one app with one prompt, evenings."""
    accounts = people.ordinary(size, identity.SDK, _MEDIAN, draw)
    club = _operators.sized(size, _MEMBERS, draw)
    for trait in ("country", "language"):
        accounts[trait] = people.one_each(club, accounts[trait])
    for trait in ("address", "second_address", "sign_up"):
        accounts[trait] = people.addresses(accounts["country"], draw)
    accounts["client"] = identity.clients(identity.SDK, _BUILDS, draw)[draw.integers(0, _BUILDS, size)]
    accounts["system"] = speech.system(speech.TUTOR, draw.integers(0, _BUILDS, size))
    accounts["turns"] = 2.0 + draw.gamma(1.5, 2.0, size)
    accounts["rhythm"] = draw.choice([clock.EVENING, clock.WAKING], size, p=[0.8, 0.2])
    _operators.volumes(accounts, club, draw)
    _operators.churn(accounts, draw)
    return Cohort(accounts, _KINDS, _operators.tastes(club, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("debate_app", "debate clubs that practise with one app", _settle)
