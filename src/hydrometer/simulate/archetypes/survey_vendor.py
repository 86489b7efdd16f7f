"""Makers of questionnaires: items in many wordings for human-data studies. For out-of-distribution worlds.

A long list of short tasks in parallel wordings, from a firm that sells answers of people and not of models.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("survey_items", "rewrite", "annotate", "translate", "rate")
_MEANS = [5.0, 1.2, 1.2, 0.8, 0.6]
_ACCOUNTS, _MEDIAN = 4.0, 70.0
_SPREAD = (6.0, 20.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Project accounts of one vendor: some by hand from the office, most by a program."""
    accounts, vendor = _operators.firms(size, _ACCOUNTS, identity.SDK, _MEDIAN, draw)
    _operators.one_program(accounts, vendor, draw)
    by_hand = draw.random(size) < 0.35
    accounts["machine"], accounts["reacts"] = ~by_hand, by_hand
    accounts["turns"] = np.where(by_hand, 2.0 + draw.gamma(1.2, 1.5, size), 1.0)
    accounts["rhythm"] = np.where(by_hand, clock.OFFICE, accounts["rhythm"])
    accounts["polyglot"] = people.one_each(vendor, draw.random(size) < 0.4)
    weights = _operators.tastes(vendor, _MEANS, _SPREAD, draw)
    return Cohort(accounts, _KINDS, weights, worklists=frozenset({"survey_items"}))


ARCHETYPE = Archetype("survey_vendor", "vendors that make questionnaires", _settle)
