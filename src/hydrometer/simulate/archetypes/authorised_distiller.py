"""A customer with a contract to build training data: like a campaign in every way but one, the register.

Look-alike 6 of the detection table, section 8.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Authorisation, Cohort

_KINDS = ("teach", "ask")
_MEANS = [9.0, 0.3]
_SPREAD = (30.0, 60.0)
_ACCOUNTS, _MEDIAN = 8, 180.0


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Eight service accounts of one verified firm divide a work-list."""
    accounts = people.ordinary(size, identity.SDK, _MEDIAN, draw)
    firm = people.grouped(size, _ACCOUNTS)
    for trait in ("card", "owner", "organization"):
        accounts[trait] = people.one_each(firm, people.codes(size, draw))
    for trait in ("country", "issuer", "client", "created"):
        accounts[trait] = people.one_each(firm, accounts[trait])
    rack = people.one_each(firm, networks.hosts(size, draw))
    for trait in ("address", "second_address", "sign_up"):
        accounts[trait] = (rack & ~0xFF) | (1 + np.arange(size) % 250)
    accounts["operator"] = people.one_each(firm, np.arange(size))
    accounts["language"] = np.zeros(size, dtype=np.int64)
    accounts["mail_domain"] = people.one_each(firm, draw.choice(identity.COMPANY, size))
    accounts["verification"] = np.full(size, identity.BUSINESS)
    accounts["plan"] = np.full(size, identity.ENTERPRISE)
    accounts["turns"], accounts["reacts"] = np.ones(size), np.full(size, False)
    accounts["rhythm"], accounts["machine"] = np.full(size, clock.FLAT), np.full(size, True)
    accounts["thinking"] = np.full(size, identity.THINKING_BUDGETS[-1])
    accounts["volume"] = np.maximum(accounts["volume"], 40)
    return Cohort(accounts, _KINDS, _operators.tastes(firm, _MEANS, _SPREAD, draw), worklists=frozenset({"teach"}))


ARCHETYPE = Archetype(
    "authorised_distiller",
    "a customer with a contract to build training data",
    _settle,
    authorisation=Authorisation(
        "distillation", "reasoning traces for a tutor model, all accounts of the organisation", "partner desk"
    ),
)
