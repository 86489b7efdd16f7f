"""Authorised resellers: one verified payer passes on the traffic of hundreds of end users.

Look-alike 2 of the detection table, section 8: the register covers resale; topics follow popularity, follow-ups react.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Authorisation, Cohort

_KINDS = (
    "ask",
    "explain",
    "write",
    "translate",
    "code_fix",
    "code_write",
    "steps",
    "rate",
    "summarise",
    "exam",
    "viral",
)
_MEANS = [3.0, 1.5, 1.3, 0.9, 1.1, 0.7, 0.5, 0.3, 0.7, 0.5, 0.3]
_SPREAD = (20.0, 40.0)
_ACCOUNTS, _END_USERS, _KEYS, _MEDIAN = 2, 380, 6, 420.0


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Two accounts an operator, one server each, everything declared."""
    accounts = people.ordinary(size, identity.SERVER, _MEDIAN, draw)
    firm = people.grouped(size, _ACCOUNTS)
    for trait in ("country", "card", "issuer", "owner", "organization", "mail_domain"):
        fresh = people.codes(size, draw) if trait in ("owner", "organization", "card") else accounts[trait]
        accounts[trait] = people.one_each(firm, fresh)
    accounts["operator"] = people.one_each(firm, np.arange(size))
    accounts["address"] = networks.hosts(size, draw)
    accounts["mobility"] = np.zeros(size)
    accounts["verification"] = np.full(size, identity.BUSINESS)
    accounts["plan"] = np.full(size, identity.ENTERPRISE)
    accounts["pathway"] = np.full(size, identity.AGGREGATOR)
    accounts["keys"] = np.full(size, _KEYS)
    accounts["end_users"] = np.full(size, _END_USERS)
    accounts["rhythm"] = np.full(size, clock.WAKING)
    accounts["volume"] = np.maximum(accounts["volume"], 60)
    return Cohort(accounts, _KINDS, _operators.tastes(firm, _MEANS, _SPREAD, draw), shared_items=(("viral", 1),))


ARCHETYPE = Archetype(
    "authorised_reseller",
    "verified resellers with hundreds of end users",
    _settle,
    authorisation=Authorisation("resale", "chat and coding traffic of end users, with end-user ids", "partner desk"),
)
