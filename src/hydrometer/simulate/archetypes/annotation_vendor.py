"""Data-annotation vendors: staff of one office label, rate and pre-fill records, each of them an end user.

A twin of building training data: the data belong to customers and the answers are short labels that people correct.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("annotate", "rate", "table_row", "rubric", "ask")
_MEANS = [5.0, 1.4, 1.6, 0.7, 0.5]
_ACCOUNTS, _MEDIAN, _STAFF = 5.0, 110.0, 45.0
_SPREAD = (6.0, 25.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Accounts of one vendor stand for projects; dozens of named staff use each in working hours."""
    accounts, vendor = _operators.firms(size, _ACCOUNTS, identity.SERVER, _MEDIAN, draw)
    _operators.offices(accounts, vendor, draw)
    accounts["mobility"] = 0.15 * accounts["mobility"]
    accounts["end_users"] = _operators.crowds(size, _STAFF, draw)
    accounts["keys"] = 1 + draw.geometric(0.5, size)
    accounts["turns"] = np.where(draw.random(size) < 0.6, 1.0, accounts["turns"])
    accounts["scripted"] = draw.random(size) < 0.5
    accounts["system"] = speech.system(speech.COMPANY, people.codes(size, draw))
    return Cohort(accounts, _KINDS, _operators.tastes(vendor, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("annotation_vendor", "vendors whose staff label data", _settle)
