"""Researchers who use the model as a judge: rubrics over answers, several samples a question, a few accounts a group.

A twin of grading campaigns; the group measures many systems with one rubric family and publishes, it does not rotate.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("rubric", "rate", "eval_item", "steps", "ask")
_MEANS = [4.0, 1.6, 1.0, 0.4, 0.5]
_ACCOUNTS, _MEDIAN, _BENCHMARK = 3.0, 70.0, 220
_SPREAD = (5.0, 25.0)
_SAMPLES, _SAMPLES_SHARE = (1, 3, 5, 8), (0.55, 0.2, 0.2, 0.05)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Groups of a few accounts, half of them in a research programme; the judge's prompt is the group's."""
    accounts, group = _operators.firms(size, _ACCOUNTS, identity.SDK, _MEDIAN, draw)
    _operators.one_program(accounts, group, draw)
    funded = people.one_each(group, draw.random(size) < 0.5)
    accounts["programme"] = np.where(funded, identity.RESEARCH, people.NOTHING)
    accounts["pathway"] = np.where(funded, identity.STUDY, identity.API)
    accounts["mail_domain"] = np.where(funded, identity.CAMPUS, accounts["mail_domain"])
    accounts["system"] = people.one_each(group, speech.system(speech.JUDGE, people.codes(size, draw)))
    accounts["choices"] = people.one_each(group, draw.choice(_SAMPLES, size, p=_SAMPLES_SHARE))
    exact = people.one_each(group, draw.random(size) < 0.6)
    accounts["temperature"] = np.where(exact & (accounts["choices"] == 1), 0.0, accounts["temperature"])
    weights = _operators.tastes(group, _MEANS, _SPREAD, draw)
    return Cohort(accounts, _KINDS, weights, shared_items=(("eval_item", _BENCHMARK),))


ARCHETYPE = Archetype("judge_researcher", "researchers who let the model grade answers", _settle)
