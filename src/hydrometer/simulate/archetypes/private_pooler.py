"""People who keep two to five accounts and move to the next when a quota is used up.

A twin of rotation at its smallest: one line, one device and one taste in accounts that take turns over the week.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("ask", "code_fix", "code_write", "explain", "write", "steps", "exam")
_RELAYED = 0.45
_MEANS = [2.0, 1.6, 1.3, 1.0, 1.0, 0.8, 0.6]
_ACCOUNTS, _MEDIAN = 2.8, 26.0
_SPREAD = (6.0, 60.0)
_OVERLAP = 0.15


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Each account has a slice of the week, with some overlap; mail and cards differ more often than not."""
    accounts = people.ordinary(size, identity.BROWSER, _MEDIAN, draw)
    person = _operators.sized(size, _ACCOUNTS, draw)
    for trait in (
        "operator",
        "country",
        "language",
        "client",
        "address",
        "second_address",
        "mobility",
        "rhythm",
        "issuer",
    ):
        accounts[trait] = people.one_each(person, accounts[trait])
    for trait in ("length", "verbosity", "turns", "thinking", "mail_shape"):
        accounts[trait] = people.one_each(person, accounts[trait])
    one_card = people.one_each(person, draw.random(size) < 0.35)
    accounts["card"] = np.where(one_card, people.one_each(person, accounts["card"]), accounts["card"])
    accounts["plan"] = np.where(accounts["card"] >= 0, accounts["plan"], identity.FREE)
    _operators.volumes(accounts, person, draw)
    _, first, count = np.unique(person, return_index=True, return_counts=True)
    place, share = np.arange(size) - first[person], 1.0 / count[person]
    begin = np.clip((place - _OVERLAP * draw.random(size)) * share, 0.0, 1.0)
    end = np.clip((place + 1.0 + _OVERLAP * draw.random(size)) * share, 0.0, 1.0)
    accounts["opened"] = clock.START_US + (begin * clock.SPAN_US).astype(np.int64)
    accounts["closed"] = clock.START_US + (end * clock.SPAN_US).astype(np.int64)
    fresh = (place > 0) & (draw.random(size) < 0.3)
    accounts["created"] = np.where(fresh, accounts["opened"] - clock.HOUR_US // 2, accounts["created"])
    relay = people.one_each(person, speech.system(speech.RELAY, draw.integers(0, speech.POPULAR_RELAYS, size)))
    accounts["system"] = np.where(people.one_each(person, draw.random(size) < _RELAYED), relay, accounts["system"])
    return Cohort(accounts, _KINDS, _operators.tastes(person, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("private_pooler", "people who rotate a few accounts at their quota", _settle)
