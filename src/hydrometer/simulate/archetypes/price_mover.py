"""Cost-minded firms: they leave the expensive model for the cheaper one when their own budget meeting says so.

A twin of moving to where safeguards are weaker: the switch is nearly complete, and its time is the firm's own.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("table_row", "summarise", "annotate", "support", "code_write", "translate")
_MEANS = [2.0, 1.6, 1.2, 1.4, 1.0, 0.8]
_ACCOUNTS, _MEDIAN = 3.0, 60.0
_SPREAD = (4.0, 25.0)
_MEETING_H = (1.6, 22.0)
"""Shape and scale of the gamma distribution of the hours from the release to a firm's decision."""


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Programs on the deep model, whose price the new one undercuts; all accounts of a firm move in one hour."""
    accounts, firm = _operators.firms(size, _ACCOUNTS, identity.SDK, _MEDIAN, draw)
    _operators.one_program(accounts, firm, draw)
    accounts["model"] = people.one_each(firm, draw.choice([identity.DEEP, identity.STANDARD], size, p=[0.85, 0.15]))
    decided = clock.RELEASE_US + (draw.gamma(*_MEETING_H, size) * clock.HOUR_US).astype(np.int64)
    rolled_out = (draw.random(size) * clock.HOUR_US).astype(np.int64)
    accounts["adopt_at"] = people.one_each(firm, decided) + rolled_out
    accounts["adopts"] = np.where(accounts["model"] == identity.DEEP, 0.9 + 0.1 * draw.random(size), 0.0)
    accounts["system"] = people.one_each(firm, speech.system(speech.COMPANY, people.codes(size, draw)))
    return Cohort(accounts, _KINDS, _operators.tastes(firm, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("price_mover", "firms that move to the cheaper model at their own time", _settle)
