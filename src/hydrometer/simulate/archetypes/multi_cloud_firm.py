"""Enterprises that buy through the vendor, a cloud and an aggregator at once, for reasons of procurement.

A twin of slicing one list over several pathways: other contracts, regions and organisations, the same staff and tasks.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("table_row", "summarise", "support", "code_write", "translate", "ask")
_MEANS = [2.0, 1.6, 1.4, 1.1, 0.7, 1.0]
_ACCOUNTS, _MEDIAN, _STAFF = 9.0, 60.0, 40.0
_SPREAD = (5.0, 25.0)
_PATHWAY_SHARE = (0.45, 0.35, 0.2)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """One owner; an organisation for each pathway, a card only where the vendor bills."""
    accounts, firm = _operators.firms(size, _ACCOUNTS, identity.SERVER, _MEDIAN, draw)
    way = draw.choice([identity.API, identity.CLOUD, identity.AGGREGATOR], size, p=_PATHWAY_SHARE)
    accounts["pathway"] = way
    accounts["organization"] = people.one_each(firm * len(identity.PATHWAYS) + way, people.codes(size, draw))
    accounts["card"] = np.where(way == identity.API, accounts["card"], people.NOTHING)
    accounts["verification"] = np.full(size, identity.BUSINESS)
    accounts["plan"] = np.full(size, identity.ENTERPRISE)
    accounts["client"] = people.one_each(firm, accounts["client"])
    accounts["system"] = people.one_each(firm, speech.system(speech.COMPANY, people.codes(size, draw)))
    accounts["end_users"] = np.where(draw.random(size) < 0.5, _operators.crowds(size, _STAFF, draw), 0)
    accounts["rhythm"] = draw.choice([clock.OFFICE, clock.FLAT, clock.CRON], size, p=[0.7, 0.15, 0.15])
    accounts["turns"] = np.where(accounts["end_users"] > 0, accounts["turns"], 1.0)
    return Cohort(accounts, _KINDS, _operators.tastes(firm, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("multi_cloud_firm", "enterprises that buy over three pathways", _settle)
