"""Exam-preparation apps and private tutors: strangers who ask for every step, some of them in every prompt.

Not one hand: each runs an app of their own with their own card, line and client. They make "step by step" and scoring
ordinary at rates that differ widely between operators, which is what the null of intent evidence must know.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("exam", "steps", "rate", "explain", "rubric", "ask", "exercises")
_SCRIPTED_SHARE = 0.6
_MEANS = [2.4, 1.4, 0.8, 1.0, 0.5, 0.9, 1.2]


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Small operators of all countries, hosted, with few or many pupils behind them."""
    accounts = people.ordinary(size, identity.SDK, 20.0, draw)
    accounts["address"] = np.where(draw.random(size) < 0.6, networks.hosts(size, draw), accounts["address"])
    accounts["mobility"] = 0.2 * accounts["mobility"]
    accounts["system"] = speech.system(speech.BOT, people.codes(size, draw))
    accounts["scripted"] = draw.random(size) < _SCRIPTED_SHARE
    accounts["end_users"] = np.where(draw.random(size) < 0.6, draw.integers(3, 90, size), 0)
    accounts["rhythm"] = draw.choice([clock.EVENING, clock.WAKING], size)
    accounts["turns"] = np.where(draw.random(size) < 0.5, 1.0, accounts["turns"])
    accounts["thinking"] = np.where(draw.random(size) < 0.4, identity.THINKING_BUDGETS[-1], accounts["thinking"])
    _operators.churn(accounts, draw)
    people.tinker(accounts, draw)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.35, draw))


ARCHETYPE = Archetype("exam_coach", "independent tutoring apps that ask for every step", _settle)
