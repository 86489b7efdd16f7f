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
_MILLISECOND_US = 1_000
_TRIES = 8
"""Accounts that are asked, one after the other, whether they are open; where none is, a conversation stays."""
_PROMPT_US, _WHILE_US = clock.HOUR_US // 6, clock.HOUR_US
"""The next of a chain opens within so much of the end of the one before; who takes over is open for a while longer."""


def continue_elsewhere(traits: Columns, rows: Columns, draw: np.random.Generator) -> None:
    """Changes `account` of the later turns of some harvested conversations to another account that is open then.

    What would go on after an account of a chain has closed goes to the next of the chain; of the other conversations
    each moves with the share `hands_over`, to any account of the pool. `sent` is when turns are planned.
    """
    if not traits["hands_over"].any():
        return
    account, opening = rows["account"], rows["opening"]
    harvested, later = rows["builder"] >= 0, rows["turn"] >= _LATER_TURN
    size, pool = len(account), np.flatnonzero(traits["hands_over"] > 0)
    moves = (draw.random(size) < traits["hands_over"][account])[opening] & harvested
    begun, other = rows["sent"][opening], account
    for _ in range(_TRIES):
        asked = pool[draw.integers(0, len(pool), size)[opening]]
        other = np.where((other == account) & _is_open(traits, asked, begun), asked, other)
    following = _next_of_chain(traits)[account]
    late = harvested & later & (following >= 0) & (rows["sent"] > traits["closed"][account])
    runs_out = np.isin(opening, opening[late])
    rows["account"] = np.where(late, following, np.where(moves & later & ~runs_out, other, account))


def _next_of_chain(traits: Columns) -> Array:
    """The account that begins about when each one ends, next in number and of the same pool, or NOTHING."""
    place = np.arange(len(traits["number"]))
    after = np.minimum(place + 1, len(place) - 1)
    follows = (traits["number"][after] == traits["number"] + 1) & (traits["hands_over"] > 0)
    follows &= (traits["hands_over"][after] > 0) & _is_open(traits, after, traits["closed"] + _PROMPT_US)
    follows &= np.abs(traits["opened"][after] - traits["closed"]) <= _PROMPT_US
    return np.where(follows, after, NOTHING)


def _is_open(traits: Columns, account: Array, at: Array) -> Array:
    """Whether each account may send at a time and for a while after it."""
    return np.asarray((traits["opened"][account] <= at) & (at + _WHILE_US <= traits["closed"][account]))


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
    """Lets each asking exchange present a recent signature that another account of its circle had been sent by then."""
    answered = rows["sent"] + np.ceil(rows["latency_ms"] * _MILLISECOND_US).astype(np.int64) - clock.START_US
    since = rows["sent"] - clock.START_US
    _, ring = np.unique(circle, return_inverse=True)
    donors = np.flatnonzero(issues & (answered < clock.SPAN_US))
    key = ring[donors] * clock.SPAN_US + answered[donors]
    order = np.argsort(key, kind="stable")
    donors, key = donors[order], key[order]
    takers = np.flatnonzero(asks)
    if not len(donors) or not len(takers):
        return
    back = draw.integers(1, _FARTHEST, len(takers))
    place = np.searchsorted(key, ring[takers] * clock.SPAN_US + since[takers], side="right") - back
    chosen = donors[np.maximum(place, 0)]
    fits = (place >= 0) & (ring[chosen] == ring[takers]) & (rows["account"][chosen] != rows["account"][takers])
    rows["presented"][takers[fits]] = chosen[fits]
