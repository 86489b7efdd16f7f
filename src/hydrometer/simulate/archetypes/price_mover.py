"""Cost-minded firms: they leave the expensive model for the cheaper one when their own budget meeting says so.

A twin of moving to where safeguards are weaker: the switch is nearly complete, all accounts of a firm move in one hour,
and which hour is its own affair.
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
_EXPENSIVE_SHARE, _WAITS_SHARE = 0.85, 0.5
_MEETING_H = (1.6, 22.0)
"""Shape and scale of the gamma distribution of the hours from the release to the decision of a firm that waited."""
_EARLIEST_US, _LATEST_US = clock.START_US + clock.DAY_US // 2, clock.END_US - clock.DAY_US


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Programs on the deep model; half of the firms wait for the new one, half take the old cheap one at any time."""
    accounts, firm = _operators.firms(size, _ACCOUNTS, identity.SDK, _MEDIAN, draw)
    _operators.one_program(accounts, firm, draw)
    expensive = people.one_each(firm, draw.random(size) < _EXPENSIVE_SHARE)
    accounts["model"] = np.where(expensive, identity.DEEP, identity.STANDARD)
    waits = people.one_each(firm, draw.random(size) < _WAITS_SHARE)
    late = clock.RELEASE_US + (draw.gamma(*_MEETING_H, size) * clock.HOUR_US).astype(np.int64)
    decided = np.where(waits, late, draw.integers(_EARLIEST_US, _LATEST_US, size))
    rolled_out = (draw.random(size) * clock.HOUR_US).astype(np.int64)
    accounts["adopt_at"] = people.one_each(firm, decided) + rolled_out
    accounts["adopts"] = np.where(expensive, 0.9 + 0.1 * draw.random(size), 0.0)
    accounts["moves_to"] = np.where(expensive & ~waits, identity.STANDARD, people.NOTHING)
    accounts["system"] = people.one_each(firm, speech.system(speech.COMPANY, people.codes(size, draw)))
    return Cohort(accounts, _KINDS, _operators.tastes(firm, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("price_mover", "firms that move to the cheaper model at their own time", _settle)
