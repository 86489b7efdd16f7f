"""Courses of some three hundred students with three tasks a week: the same text from campus and from many homes.

The long form of a class in one room: own identities and devices, one programme, work that peaks in the evening.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("classroom", "exam", "explain", "code_fix", "ask")
_MEANS = [4.0, 1.2, 0.9, 0.7, 1.0]
_STUDENTS, _TASKS, _MEDIAN = 300.0, 3, 9.0
_SPREAD = (8.0, 5.0)
_ON_CAMPUS = 0.45
_NOTEBOOKS_SHARE, _CREDITS_SHARE = 0.2, 0.35
"""Students who work in a notebook of the course, and courses that are given credits for it."""


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """One campus egress, country, language and enrolment day for each course; every student is a person."""
    accounts = people.ordinary(size, identity.BROWSER, _MEDIAN, draw)
    course = _operators.sized(size, _STUDENTS, draw)
    for trait in ("country", "language", "mail_shape"):
        accounts[trait] = people.one_each(course, accounts[trait])
    home = people.addresses(accounts["country"], draw)
    campus = people.one_each(course, networks.offices(size, draw))
    accounts["address"] = np.where(draw.random(size) < _ON_CAMPUS, campus, home)
    accounts["second_address"] = np.where(accounts["address"] == campus, home, campus)
    accounts["sign_up"] = np.where(draw.random(size) < 0.6, campus, home)
    accounts["mobility"] = draw.beta(1.5, 2.0, size)
    enrolled = people.one_each(course, clock.START_US - draw.integers(2, 70, size) * clock.DAY_US)
    accounts["created"] = enrolled + (draw.beta(1.0, 4.0, size) * clock.DAY_US).astype(np.int64)
    accounts["organization"] = people.one_each(course, people.codes(size, draw))
    accounts["card"], accounts["plan"] = np.full(size, people.NOTHING), np.full(size, identity.FREE)
    accounts["programme"], accounts["pathway"] = np.full(size, identity.EDUCATION), np.full(size, identity.CLASS)
    accounts["mail_domain"] = np.full(size, identity.CAMPUS)
    notebooks = draw.random(size) < _NOTEBOOKS_SHARE
    accounts["client"] = np.where(notebooks, identity.clients(identity.SDK, size, draw), accounts["client"])
    given = people.one_each(course, draw.random(size) < _CREDITS_SHARE)
    accounts["plan"] = np.where(given, identity.CREDITS, accounts["plan"])
    accounts["rhythm"] = draw.choice([clock.EVENING, clock.WAKING, clock.OFFICE], size, p=[0.5, 0.3, 0.2])
    accounts["circle"] = people.one_each(course, people.codes(size, draw) >> 2)
    weights = _operators.tastes(course, _MEANS, _SPREAD, draw)
    return Cohort(accounts, _KINDS, weights, shared_items=(("classroom", _TASKS),))


ARCHETYPE = Archetype("large_course", "courses of three hundred students with weekly tasks", _settle)
