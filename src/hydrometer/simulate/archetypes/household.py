"""Families and flat-mates: one card and one line for two to four accounts, each person with interests of their own."""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("ask", "explain", "write", "translate", "plan", "steps", "rate", "exam", "summarise")
_MEANS = [3.0, 1.5, 1.2, 0.8, 1.3, 0.6, 0.3, 0.9, 0.6]
_PEOPLE = 3


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Members share country, address and card; mail, clients and taste are their own."""
    accounts = people.ordinary(size, identity.BROWSER, 7.0, draw)
    home = people.grouped(size, _PEOPLE)
    for trait in ("country", "address", "sign_up", "card", "issuer"):
        accounts[trait] = people.one_each(home, accounts[trait])
    accounts["operator"] = people.one_each(home, np.arange(size))
    _operators.churn(accounts, draw)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.5, draw))


ARCHETYPE = Archetype("household", "families that share a card and a line", _settle)
