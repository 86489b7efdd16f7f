"""Authors of courses and textbooks: exercises with answers for chapter after chapter.

A twin of making tasks for training: the tasks belong to one syllabus, are asked for by hand and get revised.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("course_task", "exercises", "exam", "explain", "rewrite", "write")
_MEANS = [4.0, 1.4, 0.9, 0.8, 0.8, 0.6]
_ACCOUNTS, _MEDIAN = 1.5, 30.0
_SPREAD = (6.0, 15.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Teachers alone or with one or two colleagues, most in conversation, some with a script for a whole chapter."""
    accounts, author = _operators.firms(size, _ACCOUNTS, identity.BROWSER, _MEDIAN, draw)
    script = people.one_each(author, draw.random(size) < 0.35)
    accounts["client"] = np.where(script, identity.clients(identity.SDK, size, draw), accounts["client"])
    accounts["address"] = np.where(draw.random(size) < 0.7, accounts["second_address"], accounts["address"])
    accounts["plan"] = people.one_each(author, draw.choice([identity.PRO, identity.PAYG], size, p=[0.6, 0.4]))
    accounts["pathway"] = np.where(script, identity.API, identity.SUBSCRIPTION)
    accounts["scripted"] = script
    accounts["turns"] = np.where(script, 1.0, accounts["turns"] + 1.0)
    accounts["reacts"] = ~script
    accounts["rhythm"] = draw.choice([clock.EVENING, clock.WAKING, clock.OFFICE], size)
    return Cohort(accounts, _KINDS, _operators.tastes(author, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("course_author", "authors who make exercises for their courses", _settle)
