"""Firms that replace all accounts and keys after a leak: old ones close, new ones open in hours, the traffic goes on.

A twin of the answer to a ban: the same hand, servers, card and prompts in fresh accounts, but nobody was banned and the
organisation stays the same.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("support", "code_write", "summarise", "table_row", "ask")
_MEANS = [2.4, 1.4, 1.2, 1.6, 0.8]
_ACCOUNTS, _MEDIAN = 24.0, 34.0
_SPREAD = (3.0, 25.0)
_FIRST_LEAK_US, _LEAK_SPAN_US = clock.DAY_US, 4 * clock.DAY_US
_REPLACED_WITHIN_H, _LATEST_H = (1.2, 2.5), 20.0
"""Shape and scale of the gamma distribution of the hours until an account is replaced, and its end."""


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Every second account of a firm ends at its leak, the other begins within hours of it."""
    accounts, firm = _operators.firms(size, _ACCOUNTS, identity.SERVER, _MEDIAN, draw)
    _operators.one_program(accounts, firm, draw)
    leak = people.one_each(firm, clock.START_US + _FIRST_LEAK_US + (draw.random(size) * _LEAK_SPAN_US).astype(np.int64))
    lag_h = np.minimum(draw.gamma(*_REPLACED_WITHIN_H, size), _LATEST_H)
    lag = (lag_h * clock.HOUR_US).astype(np.int64)
    old = np.arange(size) % 2 == 0
    accounts["opened"] = np.where(old, clock.START_US, leak + lag)
    accounts["closed"] = np.where(old, leak + lag // 2, clock.END_US)
    accounts["close_reason"] = np.where(old, identity.LEFT, people.NOTHING)
    made = leak + (lag * (0.5 + 0.5 * draw.random(size))).astype(np.int64)
    accounts["created"] = np.where(old, np.minimum(accounts["created"], clock.START_US - clock.HOUR_US), made)
    _operators.shorten(accounts)
    accounts["keys"] = 1 + draw.geometric(0.35, size)
    accounts["system"] = people.one_each(firm, speech.system(speech.COMPANY, people.codes(size, draw)))
    return Cohort(accounts, _KINDS, _operators.tastes(firm, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("key_rotation", "firms that replace all accounts after a leak", _settle)
