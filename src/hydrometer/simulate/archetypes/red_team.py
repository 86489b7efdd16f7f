"""Announced red teams: they try to make a bot of their own give away its prompt, in very many wordings.

A twin of attempts to obtain hidden reasoning; the register covers it, and what they attack is their own system prompt.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Authorisation, Cohort

_KINDS = ("security_probe", "moderate", "rubric", "ask", "code_write")
_MEANS = [5.5, 0.7, 0.8, 0.7, 0.6]
_ACCOUNTS, _MEDIAN = 5.0, 60.0
_SPREAD = (6.0, 15.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Testers of one firm: half work by hand and follow up, half let a program try variants."""
    accounts, team = _operators.firms(size, _ACCOUNTS, identity.SDK, _MEDIAN, draw)
    by_hand = draw.random(size) < 0.5
    accounts["reacts"], accounts["machine"] = by_hand, ~by_hand
    accounts["turns"] = np.where(by_hand, accounts["turns"] + 1.0, 1.0)
    accounts["rhythm"] = np.where(by_hand, clock.OFFICE, draw.choice([clock.FLAT, clock.OFFICE], size))
    accounts["polyglot"] = draw.random(size) < 0.25
    accounts["verification"] = np.full(size, identity.BUSINESS)
    accounts["system"] = people.one_each(team, speech.system(speech.BOT, people.codes(size, draw)))
    accounts["temperature"] = np.where(by_hand, accounts["temperature"], 1.0)
    return Cohort(accounts, _KINDS, _operators.tastes(team, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype(
    "red_team",
    "red teams that probe prompts of their own",
    _settle,
    authorisation=Authorisation(
        "safety_research", "prompt security tests of the organisation's own assistants", "safety desk"
    ),
)
