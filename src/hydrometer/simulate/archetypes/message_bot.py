"""Bots that answer short messages about orders and parcels. For out-of-distribution worlds.

Tiny prompts and answers, a tool call for each, crowds of end users, peaks before the weekend.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("order_status", "support", "ask")
_MEANS = [6.0, 1.5, 0.4]
_ACCOUNTS, _MEDIAN, _CUSTOMERS = 3.0, 200.0, 300.0
_SPREAD = (7.0, 30.0)
_ORDER_TOOLS = 3


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Shops and their agencies on rented servers; an account for each shop."""
    accounts, agency = _operators.firms(size, _ACCOUNTS, identity.SERVER, _MEDIAN, draw)
    accounts["end_users"] = _operators.crowds(size, _CUSTOMERS, draw)
    accounts["tools"] = np.full(size, _ORDER_TOOLS)
    accounts["rhythm"] = np.full(size, clock.WAKING)
    accounts["length"] = 0.2 * accounts["length"]
    accounts["turns"] = 1.0 + draw.gamma(1.2, 1.0, size)
    accounts["polyglot"] = people.one_each(agency, draw.random(size) < 0.3)
    accounts["system"] = speech.system(speech.BRAND, people.codes(size, draw))
    accounts["thinking"] = np.full(size, people.NOTHING)
    return Cohort(accounts, _KINDS, _operators.tastes(agency, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("message_bot", "bots that answer short messages about orders", _settle)
