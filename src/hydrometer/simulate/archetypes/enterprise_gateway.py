"""Internal gateways of large companies: all staff ask everything through a few service accounts.

A twin of a reseller and of a pool at once: one payer, named end users by the hundred, every kind of work.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = (
    "ask",
    "explain",
    "write",
    "rewrite",
    "translate",
    "summarise",
    "code_fix",
    "code_write",
    "table_row",
    "steps",
    "plan",
)
_MEANS = [2.0, 1.0, 1.4, 1.1, 0.8, 1.5, 1.2, 0.9, 0.8, 0.4, 0.7]
_ACCOUNTS, _MEDIAN, _STAFF = 4.0, 260.0, 220.0
_SPREAD = (9.0, 14.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """An account for each department, with its own prompt and keys; some companies come through a cloud."""
    accounts, company = _operators.firms(size, _ACCOUNTS, identity.SERVER, _MEDIAN, draw)
    accounts["end_users"] = _operators.crowds(size, _STAFF, draw)
    accounts["keys"] = 2 + draw.geometric(0.25, size)
    accounts["rhythm"] = np.full(size, clock.OFFICE)
    accounts["polyglot"] = people.one_each(company, draw.random(size) < 0.4)
    accounts["verification"] = np.full(size, identity.BUSINESS)
    accounts["plan"] = np.full(size, identity.ENTERPRISE)
    in_cloud = people.one_each(company, draw.random(size) < 0.35)
    accounts["pathway"] = np.where(in_cloud, identity.CLOUD, identity.API)
    accounts["card"] = np.where(in_cloud, people.NOTHING, accounts["card"])
    accounts["system"] = np.where(
        draw.random(size) < 0.6, speech.system(speech.COMPANY, people.codes(size, draw)), people.NOTHING
    )
    return Cohort(accounts, _KINDS, _operators.tastes(company, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("enterprise_gateway", "companies whose staff share a few gateway accounts", _settle)
