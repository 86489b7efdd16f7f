"""Localisation vendors: strings with keys and a glossary, each once into each language, at night and in batches.

A twin of requests that force a language: the wanted language changes from job to job and the answers are translations.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("localise", "translate", "rewrite", "summarise")
_MEANS = [6.0, 2.0, 0.9, 0.3]
_ACCOUNTS, _MEDIAN = 6.0, 90.0
_SPREAD = (8.0, 30.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Build servers and project managers of one vendor, with every language that its customers sell in."""
    accounts, vendor = _operators.firms(size, _ACCOUNTS, identity.SERVER, _MEDIAN, draw)
    _operators.one_program(accounts, vendor, draw)
    managers = draw.random(size) < 0.2
    accounts["machine"], accounts["reacts"] = ~managers, managers
    accounts["turns"] = np.where(managers, 1.0 + draw.gamma(1.2, 1.2, size), 1.0)
    accounts["polyglot"] = np.full(size, True)
    accounts["temperature"] = people.one_each(vendor, draw.choice([np.nan, 0.0, 0.2, 0.3], size))
    accounts["system"] = people.one_each(vendor, speech.system(speech.PIPELINE, people.codes(size, draw)))
    weights = _operators.tastes(vendor, _MEANS, _SPREAD, draw)
    return Cohort(accounts, _KINDS, weights, worklists=frozenset({"localise"}))


ARCHETYPE = Archetype("localisation_vendor", "vendors that localise strings into many languages", _settle)
