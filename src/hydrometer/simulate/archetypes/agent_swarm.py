"""Forty service accounts of one start-up: coding agents and CI on credits, machine timing, real tool results.

Look-alike 10 of the detection table, section 8: the next request follows from the answer, all in the same repositories.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("agent", "code_fix", "code_write")
_MEANS = [5.0, 0.6, 0.5]
_SPREAD = (8.0, 13.0)
_SERVICES = 40


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """One organisation and owner, runners of one hoster, one tool set, long chains of tool turns."""
    accounts = people.ordinary(size, identity.SDK, 55.0, draw)
    firm = people.grouped(size, _SERVICES)
    for trait in ("owner", "organization"):
        accounts[trait] = people.one_each(firm, people.codes(size, draw))
    for trait in ("country", "client", "created", "issuer"):
        accounts[trait] = people.one_each(firm, accounts[trait])
    runner = people.one_each(firm, networks.hosts(size, draw))
    for trait in ("address", "second_address", "sign_up"):
        accounts[trait] = (runner & ~0xFF) | draw.integers(1, 40, size)
    accounts["operator"] = people.one_each(firm, np.arange(size))
    accounts["language"] = np.zeros(size, dtype=np.int64)
    accounts["card"] = np.full(size, people.NOTHING)
    accounts["plan"], accounts["programme"] = np.full(size, identity.CREDITS), np.full(size, identity.STARTUP)
    accounts["pathway"] = np.full(size, identity.VENTURE)
    accounts["verification"] = np.full(size, identity.BUSINESS)
    accounts["mail_domain"] = people.one_each(firm, draw.choice(identity.COMPANY, size))
    accounts["system"] = people.one_each(firm, speech.system(speech.FRAMEWORK, people.codes(size, draw)))
    accounts["tools"] = np.full(size, 4)
    accounts["turns"] = 4.0 + draw.gamma(2.0, 2.0, size)
    accounts["machine"] = np.full(size, True)
    accounts["rhythm"] = draw.choice([clock.FLAT, clock.OFFICE, clock.CRON], size, p=[0.4, 0.35, 0.25])
    return Cohort(accounts, _KINDS, _operators.tastes(firm, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("agent_swarm", "a start-up's forty coding agents on credits", _settle)
