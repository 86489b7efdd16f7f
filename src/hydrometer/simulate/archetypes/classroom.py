"""A class of forty on one school address, with one task in one hour; each pupil has an identity of their own.

Look-alike 4 of the detection table, section 8: high duplication, short life, education plan.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("classroom", "exam", "ask")
_MEANS = [6.0, 0.8, 0.7]
_PUPILS, _TASKS = 40, 3
_LESSON_US = 100 * 60 * clock.SECOND_US


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """One school for each forty: address, country, day and sign-up hour are shared, nothing is paid."""
    accounts = people.ordinary(size, identity.BROWSER, 9.0, draw)
    school = people.grouped(size, _PUPILS)
    gate = people.one_each(school, networks.offices(size, draw))
    for trait in ("address", "second_address", "sign_up"):
        accounts[trait] = gate
    accounts["country"] = people.one_each(school, accounts["country"])
    accounts["organization"] = people.one_each(school, people.codes(size, draw))
    accounts["language"] = np.zeros(size, dtype=np.int64)
    accounts["mobility"] = 0.1 * accounts["mobility"]
    day = people.one_each(school, draw.integers(0, 5, size))
    opened = clock.START_US + day * clock.DAY_US + people.one_each(school, draw.integers(7, 15, size)) * clock.HOUR_US
    accounts["opened"], accounts["closed"] = opened, opened + _LESSON_US
    accounts["rhythm"] = np.full(size, clock.WINDOW)
    accounts["created"] = opened - (draw.random(size) * 0.6 * clock.HOUR_US).astype(np.int64)
    accounts["card"] = np.full(size, people.NOTHING)
    accounts["plan"], accounts["programme"] = np.full(size, identity.FREE), np.full(size, identity.EDUCATION)
    accounts["pathway"] = np.full(size, identity.CLASS)
    accounts["mail_domain"] = np.full(size, identity.CAMPUS)
    accounts["mail_shape"] = people.one_each(school, accounts["mail_shape"])
    accounts["circle"] = people.one_each(school, people.codes(size, draw) >> 2)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 2.0, draw), shared_items=(("classroom", _TASKS),))


ARCHETYPE = Archetype("classroom", "a class of forty with one task on one address", _settle)
