"""What one account begins and another goes on with: conversations continued elsewhere, reasoning presented elsewhere.

Relay software moves a session to the next account of its pool when one is used up, and hands signed reasoning that was
issued to one account to whichever account comes next; teams resume each other's sessions inside one organisation.
Source: the mission table, sections 1.1 (replay of thinking signatures) and 1.4 (failover), rows 22 and 32.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock
from hydrometer.simulate.people import NOTHING
from hydrometer.simulate.world import Array, Columns

_FARTHEST = 60
"""Reasoning is presented again after at most so many exchanges of the same circle of accounts."""
_LATER_TURN = 2
_TRIES = 8
"""Accounts that are asked, one after the other, whether they are open; where none is, a conversation stays."""


def continue_elsewhere(traits: Columns, rows: Columns, draw: np.random.Generator) -> None:
    """Changes `account` of the later turns of some harvested conversations to another account that is open then."""
    if not traits["hands_over"].any():
        return
    account, opening = rows["account"], rows["opening"]
    size, pool = len(account), np.flatnonzero(traits["hands_over"] > 0)
    moves = (draw.random(size) < traits["hands_over"][account])[opening] & (rows["builder"] >= 0)
    begun, other = rows["sent"][opening], account
    for _ in range(_TRIES):
        asked = pool[draw.integers(0, len(pool), size)[opening]]
        other = np.where((other == account) & _is_open(traits, asked, begun), asked, other)
    goes = moves & _is_open(traits, other, rows["sent"]) & (rows["turn"] >= _LATER_TURN)
    rows["account"] = np.where(goes, other, account)


def _is_open(traits: Columns, account: Array, at: Array) -> Array:
    """Whether each account may send at a time."""
    return np.asarray((traits["opened"][account] <= at) & (at <= traits["closed"][account]))


def present_signatures(traits: Columns, rows: Columns, draw: np.random.Generator) -> None:
    """Adds `presented`: position of the exchange whose signed reasoning each one hands back, or NOTHING.

    Usually that is the turn before; a share of them hands back what was issued to another account: of the same
    organisation (`resumes`), or, for harvested exchanges, of the campaign (`replays`).
    """
    account, size = rows["account"], len(rows["account"])
    thinks = traits["thinking"][account] > 0
    signed = rows["answered_before"] & np.concatenate([[False], thinks[:-1]])
    rows["presented"] = np.where(thinks & signed, np.arange(size) - 1, NOTHING)
    issues = thinks & (rows["status"] == 200)
    if traits["replays"].any():
        asks = thinks & (rows["builder"] >= 0) & (draw.random(size) < traits["replays"][account])
        _present(rows, asks, issues & (rows["builder"] >= 0), np.zeros(size, dtype=np.int64), draw)
    if traits["resumes"].any():
        team = traits["organization"][account]
        asks = thinks & (team >= 0) & (draw.random(size) < traits["resumes"][account])
        _present(rows, asks, issues & (team >= 0), team, draw)


def _present(rows: Columns, asks: Array, issues: Array, circle: Array, draw: np.random.Generator) -> None:
    """Lets each asking exchange present a recent signature that another account of its circle was issued."""
    donors = np.flatnonzero(issues)
    donors = donors[np.lexsort((rows["sent"][donors], circle[donors]))]
    takers = np.flatnonzero(asks)
    if not len(donors) or not len(takers):
        return
    since = rows["sent"] - clock.START_US
    _, ring = np.unique(circle, return_inverse=True)
    key = ring[donors] * clock.SPAN_US + since[donors]
    back = draw.integers(1, _FARTHEST, len(takers))
    place = np.searchsorted(key, ring[takers] * clock.SPAN_US + since[takers]) - back
    chosen = donors[np.maximum(place, 0)]
    fits = (place >= 0) & (ring[chosen] == ring[takers]) & (rows["account"][chosen] != rows["account"][takers])
    rows["presented"][takers[fits]] = chosen[fits]
