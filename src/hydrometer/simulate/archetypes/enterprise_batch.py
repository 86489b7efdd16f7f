"""A company that classifies and reads a table row by row from sixty seats: one payer, one owner, one narrow task.

Look-alike 3 of the detection table, section 8: every row once, much input and little output, a stable rate.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("table_row", "invoice", "summarise", "rewrite")
_MEANS = [5.0, 2.5, 0.5, 0.4]
_SPREAD = (8.0, 50.0)
_SEATS = 60


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Seats share card, owner, organisation, egress address and system prompt; mail has the firm's domain."""
    accounts = people.ordinary(size, identity.SERVER, 40.0, draw)
    firm = people.grouped(size, _SEATS)
    for trait in ("card", "owner", "organization"):
        accounts[trait] = people.one_each(firm, people.codes(size, draw))
    for trait in ("country", "issuer", "client"):
        accounts[trait] = people.one_each(firm, accounts[trait])
    egress = people.one_each(firm, networks.offices(size, draw))
    for trait in ("address", "second_address", "sign_up"):
        accounts[trait] = egress
    accounts["operator"] = people.one_each(firm, np.arange(size))
    accounts["language"] = np.zeros(size, dtype=np.int64)
    accounts["mail_domain"] = people.one_each(firm, draw.choice(identity.COMPANY, size))
    accounts["mail_shape"] = np.zeros(size, dtype=np.int64)
    accounts["verification"] = np.full(size, identity.BUSINESS)
    accounts["plan"] = np.full(size, identity.ENTERPRISE)
    accounts["system"] = people.one_each(firm, speech.system(speech.COMPANY, people.codes(size, draw)))
    accounts["turns"] = np.ones(size)
    accounts["machine"] = np.full(size, True)
    accounts["reacts"] = np.full(size, False)
    accounts["rhythm"] = draw.choice([clock.OFFICE, clock.FLAT], size, p=[0.6, 0.4])
    accounts["temperature"] = np.zeros(size)
    return Cohort(
        accounts, _KINDS, _operators.tastes(firm, _MEANS, _SPREAD, draw), worklists=frozenset({"table_row", "invoice"})
    )


ARCHETYPE = Archetype("enterprise_batch", "a company's sixty seats work through a table", _settle)
