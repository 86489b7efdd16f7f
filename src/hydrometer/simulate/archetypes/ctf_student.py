"""Students who train for capture-the-flag contests: teams of a few, most active in the evening and at the weekend.

A twin of collecting answers on security: the same exercises everywhere, asked by people who then try them.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("ctf_ask", "explain", "code_fix", "code_write", "ask")
_MEANS = [3.6, 1.3, 1.1, 0.9, 0.8]
_TEAM, _MEDIAN = 4.0, 16.0
_SPREAD = (6.0, 6.0)
_CONTEST_SHARE = 0.4


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """People of one team with own accounts; four in ten only write during a contest of a day and a half."""
    accounts = people.ordinary(size, identity.BROWSER, _MEDIAN, draw)
    team = _operators.sized(size, _TEAM, draw)
    for trait in ("country", "language"):
        accounts[trait] = people.one_each(team, accounts[trait])
    campus = people.one_each(team, networks.offices(size, draw))
    accounts["address"] = people.addresses(accounts["country"], draw)
    accounts["second_address"] = campus
    accounts["mail_domain"] = np.where(draw.random(size) < 0.5, identity.CAMPUS, accounts["mail_domain"])
    _operators.volumes(accounts, team, draw)
    _operators.churn(accounts, draw)
    contest = people.one_each(team, draw.random(size) < _CONTEST_SHARE)
    begin = people.one_each(team, clock.START_US + draw.choice([2, 4, 5], size) * clock.DAY_US + 9 * clock.HOUR_US)
    stays = contest & (accounts["close_reason"] == people.NOTHING)
    accounts["opened"] = np.where(stays, begin, accounts["opened"])
    accounts["closed"] = np.where(stays, begin + 36 * clock.HOUR_US, accounts["closed"])
    accounts["created"] = np.where(stays, np.minimum(accounts["created"], begin), accounts["created"])
    accounts["rhythm"] = np.where(stays, clock.WINDOW, clock.EVENING)
    accounts["turns"] = accounts["turns"] + 1.0
    return Cohort(accounts, _KINDS, _operators.tastes(team, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("ctf_student", "teams of students who train for security contests", _settle)
