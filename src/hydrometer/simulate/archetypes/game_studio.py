"""Game studios: narrators and characters that talk to players all evening. For out-of-distribution worlds.

Very high volume from one template behind one address, thousands of players, turns that react.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("game_master", "npc", "write", "translate")
_MEANS = [5.0, 2.5, 0.5, 0.4]
_ACCOUNTS, _MEDIAN, _PLAYERS = 4.0, 180.0, 260.0
_SPREAD = (6.0, 30.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """An account for each title; players come after work and stay for long scenes."""
    accounts, studio = _operators.firms(size, _ACCOUNTS, identity.SERVER, _MEDIAN, draw)
    accounts["end_users"] = _operators.crowds(size, _PLAYERS, draw)
    accounts["polyglot"] = people.one_each(studio, draw.random(size) < 0.5)
    accounts["rhythm"] = np.full(size, clock.EVENING)
    accounts["turns"] = 4.0 + draw.gamma(2.0, 3.0, size)
    accounts["temperature"] = people.one_each(studio, draw.choice([0.8, 1.0], size))
    accounts["system"] = speech.system(speech.BOT, people.codes(size, draw))
    accounts["thinking"] = np.full(size, people.NOTHING)
    return Cohort(accounts, _KINDS, _operators.tastes(studio, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("game_studio", "studios whose characters talk to players", _settle)
