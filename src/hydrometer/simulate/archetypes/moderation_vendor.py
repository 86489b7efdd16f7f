"""Moderation vendors: posts of other people's users classified day and night, short answers, temperature zero.

A twin of work-lists of sensitive material: input is what strangers wrote, output is a label.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("moderate", "annotate", "rate", "translate")
_MEANS = [7.0, 1.4, 0.6, 0.4]
_ACCOUNTS, _MEDIAN, _CUSTOMERS = 4.0, 160.0, 12.0
_SPREAD = (8.0, 40.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Service accounts of one vendor on its servers, one prompt for each customer account, posts in every language."""
    accounts, vendor = _operators.firms(size, _ACCOUNTS, identity.SERVER, _MEDIAN, draw)
    _operators.one_program(accounts, vendor, draw)
    accounts["rhythm"] = np.where(draw.random(size) < 0.7, clock.WAKING, accounts["rhythm"])
    accounts["polyglot"] = people.one_each(vendor, draw.random(size) < 0.6)
    accounts["temperature"] = np.zeros(size)
    accounts["max_tokens"] = people.one_each(vendor, draw.choice([64, 256, 1024], size))
    accounts["thinking"] = np.full(size, people.NOTHING)
    accounts["end_users"] = np.where(draw.random(size) < 0.6, _operators.crowds(size, _CUSTOMERS, draw), 0)
    accounts["keys"] = 1 + draw.geometric(0.4, size)
    accounts["system"] = speech.system(speech.COMPANY, people.codes(size, draw))
    return Cohort(accounts, _KINDS, _operators.tastes(vendor, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("moderation_vendor", "vendors that classify posts", _settle)
