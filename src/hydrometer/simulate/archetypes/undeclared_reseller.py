"""Small resellers whom nobody declared: one or two accounts pass on what tens of strangers ask, without their ids.

A twin of a relay pool at its smallest: every language, every topic, follow-ups that react, one server and one card.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("ask", "explain", "write", "translate", "code_fix", "steps", "summarise", "exam", "plan")
_BRANDED, _RELAYED = 0.3, 0.45
_KIT_SHARE = 0.6
"""Sellers whose relay is written with a programming kit; the others run a server's client."""
_MEANS = [2.6, 1.3, 1.2, 1.0, 1.0, 0.6, 0.7, 0.6, 0.6]
_ACCOUNTS, _MEDIAN, _END_USERS = 1.3, 110.0, 26.0
_SPREAD = (12.0, 30.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """A person or a tiny firm; end users exist and are heavy tailed, the provider never sees them."""
    accounts, seller = _operators.firms(size, _ACCOUNTS, identity.SERVER, _MEDIAN, draw)
    proven = draw.choice([identity.EMAIL, identity.PHONE, identity.PAPERS], size, p=[0.55, 0.35, 0.1])
    accounts["verification"] = people.one_each(seller, proven)
    accounts["plan"] = people.one_each(seller, draw.choice([identity.PAYG, identity.PRO], size, p=[0.8, 0.2]))
    accounts["mail_domain"] = identity.mail_domains(accounts["language"], draw)
    accounts["organization"] = accounts["owner"] = np.full(size, people.NOTHING)
    kit = people.one_each(seller, draw.random(size) < _KIT_SHARE)
    accounts["client"] = np.where(kit, identity.clients(identity.SDK, size, draw), accounts["client"])
    accounts["polyglot"], accounts["hidden_users"] = np.full(size, True), np.full(size, True)
    accounts["end_users"] = np.maximum(3, _operators.crowds(size, _END_USERS, draw))
    accounts["keys"] = draw.choice([1, 2, 4, 8], size, p=[0.5, 0.2, 0.2, 0.1])
    accounts["rhythm"] = np.full(size, clock.WAKING)
    way = people.one_each(seller, draw.random(size))
    numbers = {speech.BRAND: people.codes(size, draw), speech.RELAY: draw.integers(0, speech.POPULAR_RELAYS, size)}
    prompts = [people.one_each(seller, speech.system(kind, number)) for kind, number in numbers.items()]
    accounts["system"] = np.select([way < _BRANDED, way < _BRANDED + _RELAYED], prompts, people.NOTHING)
    return Cohort(accounts, _KINDS, _operators.tastes(seller, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("undeclared_reseller", "small resellers that declared nothing", _settle)
