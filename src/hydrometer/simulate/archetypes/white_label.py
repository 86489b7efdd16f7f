"""A service sold under other names: forty customer keys behind one egress address and one template family.

Look-alike 8 of the detection table, section 8: the end users of each customer ask follow-ups that react to answers.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("support", "ask", "npc")
_MEANS = [6.0, 0.8, 0.5]
_SPREAD = (10.0, 15.0)
_CUSTOMERS, _END_USERS, _PRODUCTS = 40, 60, 5
_RENAMED_SHARE = 0.35
"""Vendors whose contract lets the model answer under the name of their own product."""


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Customer accounts are the vendor's: one card, owner and server; the prompt names one of a few products."""
    accounts = people.ordinary(size, identity.SERVER, 26.0, draw)
    vendor = people.grouped(size, _CUSTOMERS)
    for trait in ("card", "owner", "organization"):
        accounts[trait] = people.one_each(vendor, people.codes(size, draw))
    for trait in ("country", "issuer", "client"):
        accounts[trait] = people.one_each(vendor, accounts[trait])
    egress = people.one_each(vendor, networks.hosts(size, draw))
    for trait in ("address", "second_address", "sign_up"):
        accounts[trait] = egress
    accounts["operator"] = people.one_each(vendor, np.arange(size))
    products = people.codes(_PRODUCTS, draw)
    accounts["system"] = speech.system(speech.COMPANY, products[draw.integers(0, _PRODUCTS, size)])
    accounts["mail_domain"] = people.one_each(vendor, draw.choice(identity.COMPANY, size))
    accounts["verification"], accounts["plan"] = np.full(size, identity.BUSINESS), np.full(size, identity.TEAM)
    accounts["end_users"] = np.full(size, _END_USERS)
    accounts["rhythm"] = draw.choice([clock.OFFICE, clock.WAKING], size, p=[0.7, 0.3])
    accounts["tools"] = np.where(draw.random(size) < 0.5, 3, people.NOTHING)
    weights = _operators.tastes(vendor, _MEANS, _SPREAD, draw)
    renamed = people.one_each(vendor, draw.random(size) < _RENAMED_SHARE)
    own_name = people.one_each(vendor, speech.system(speech.RIVAL, people.codes(size, draw)))
    accounts["system"] = np.where(renamed, own_name, accounts["system"])
    return Cohort(accounts, _KINDS, weights)


ARCHETYPE = Archetype("white_label", "a vendor with a key for each of forty customers", _settle)
