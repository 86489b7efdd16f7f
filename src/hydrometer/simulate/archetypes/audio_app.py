"""Apps that listen: dictation, language practice and podcast notes, with recordings as input.

A twin of collecting speech: each recording is one end user's, and the questions follow from what was said.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("audio_ask", "transcript_clean", "summarise", "translate", "support")
_MEANS = [5.0, 0.9, 1.0, 0.9, 0.7]
_ACCOUNTS, _MEDIAN, _LISTENERS = 2.0, 90.0, 80.0
_SPREAD = (7.0, 25.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Small makers with one server and a crowd of end users, evenings and weekends included."""
    accounts, maker = _operators.firms(size, _ACCOUNTS, identity.SERVER, _MEDIAN, draw)
    accounts["end_users"] = _operators.crowds(size, _LISTENERS, draw)
    accounts["polyglot"] = people.one_each(maker, draw.random(size) < 0.5)
    accounts["keys"] = draw.choice([1, 2, 3], size, p=[0.6, 0.25, 0.15])
    accounts["turns"] = np.where(draw.random(size) < 0.6, 1.0, accounts["turns"])
    accounts["rhythm"] = draw.choice([clock.WAKING, clock.EVENING], size, p=[0.6, 0.4])
    accounts["system"] = people.one_each(maker, speech.system(speech.BOT, people.codes(size, draw)))
    accounts["thinking"] = np.full(size, people.NOTHING)
    return Cohort(accounts, _KINDS, _operators.tastes(maker, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("audio_app", "apps that listen to their users", _settle)
