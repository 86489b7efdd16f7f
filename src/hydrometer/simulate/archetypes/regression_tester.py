"""Customers who test for regressions: the items of a public smoke suite, every day on the full hour, to every model.

A twin of checking the quality of a stolen stream: few items, endlessly repeated, by programs.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("regression", "eval_item", "rubric", "ask")
_MEANS = [7.0, 1.2, 0.5, 0.3]
_ACCOUNTS, _MEDIAN, _SUITE, _BENCHMARK = 2.0, 60.0, 48, 160
_SPREAD = (8.0, 20.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Scheduled jobs of one customer; each account watches a model of its own, nothing is ever reworded."""
    accounts, customer = _operators.firms(size, _ACCOUNTS, identity.SDK, _MEDIAN, draw)
    _operators.one_program(accounts, customer, draw)
    accounts["rhythm"] = np.where(people.one_each(customer, draw.random(size) < 0.85), clock.CRON, clock.FLAT)
    accounts["model"] = draw.choice([identity.MINI, identity.STANDARD, identity.DEEP], size)
    accounts["temperature"] = np.zeros(size)
    accounts["language"] = np.zeros(size, dtype=np.int64)
    accounts["length"] = np.zeros(size)
    accounts["paraphrase"], accounts["wordings"] = np.zeros(size), np.ones(size, dtype=np.int64)
    accounts["scripted"] = np.full(size, True)
    accounts["circle"] = people.one_each(customer, people.codes(size, draw) >> 2)
    weights = _operators.tastes(customer, _MEANS, _SPREAD, draw)
    return Cohort(accounts, _KINDS, weights, shared_items=(("regression", _SUITE), ("eval_item", _BENCHMARK)))


ARCHETYPE = Archetype("regression_tester", "customers who repeat a test suite every day", _settle)
