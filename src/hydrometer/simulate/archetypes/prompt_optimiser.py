"""People who tune a prompt of their own: hundreds of variants of one instruction, scored and varied again.

A twin of searching for a wording that works: very many small attempts, all at one task that its owner describes.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("prompt_tuning", "rubric", "rate", "ask", "code_write")
_MEANS = [5.5, 1.2, 0.9, 0.6, 0.5]
_ACCOUNTS, _MEDIAN = 1.4, 90.0
_SPREAD = (5.0, 20.0)
_SAMPLES, _SAMPLES_SHARE = (1, 2, 4, 8), (0.5, 0.2, 0.2, 0.1)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """A developer or a pair; a loop tries variants while they watch, with several samples for each."""
    accounts, owner = _operators.firms(size, _ACCOUNTS, identity.SDK, _MEDIAN, draw)
    _operators.one_program(accounts, owner, draw)
    accounts["address"] = people.one_each(owner, people.addresses(accounts["country"], draw))
    accounts["sign_up"] = accounts["address"]
    accounts["rhythm"] = draw.choice([clock.OFFICE, clock.EVENING, clock.FLAT], size, p=[0.4, 0.35, 0.25])
    accounts["choices"] = people.one_each(owner, draw.choice(_SAMPLES, size, p=_SAMPLES_SHARE))
    accounts["paraphrase"] = np.ones(size)
    accounts["temperature"] = draw.choice([0.0, 0.7, 1.0], size)
    accounts["system"] = np.where(
        draw.random(size) < 0.5, speech.system(speech.BOT, people.codes(size, draw)), people.NOTHING
    )
    return Cohort(accounts, _KINDS, _operators.tastes(owner, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("prompt_optimiser", "developers who try variants of a prompt of their own", _settle)
