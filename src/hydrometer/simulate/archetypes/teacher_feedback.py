"""Feedback tools for schools: a pupil's finished answer goes in, comments for the pupil come out.

A twin of asking for the reasoning behind a given answer: questions repeat within a school, answers are a child's.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("teacher_feedback", "rubric", "explain", "exam", "ask")
_MEANS = [5.0, 1.3, 0.9, 0.8, 0.5]
_ACCOUNTS, _MEDIAN, _PUPILS = 3.0, 80.0, 35.0
_SPREAD = (6.0, 15.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Small makers of school software; pupils and teachers behind each account, school hours."""
    accounts, maker = _operators.firms(size, _ACCOUNTS, identity.SDK, _MEDIAN, draw)
    school = people.one_each(maker, draw.random(size) < 0.5)
    accounts["programme"] = np.where(school, identity.EDUCATION, people.NOTHING)
    accounts["mail_domain"] = np.where(school, identity.CAMPUS, accounts["mail_domain"])
    accounts["end_users"] = _operators.crowds(size, _PUPILS, draw)
    accounts["rhythm"] = draw.choice([clock.OFFICE, clock.EVENING], size, p=[0.75, 0.25])
    accounts["turns"] = np.where(draw.random(size) < 0.5, 1.0, accounts["turns"])
    accounts["scripted"] = draw.random(size) < 0.5
    accounts["system"] = people.one_each(maker, speech.system(speech.TUTOR, people.codes(size, draw)))
    return Cohort(accounts, _KINDS, _operators.tastes(maker, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("teacher_feedback", "school software that comments on pupils' answers", _settle)
