"""University groups in mathematics and statistics: hard questions, every step, the largest thinking budget.

A twin of collecting reasoning: the longest answers of all, on problems that the group itself works at.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("steps", "exam", "data_ask", "explain", "code_write", "ask")
_MEANS = [3.2, 1.6, 1.8, 1.0, 0.9, 0.7]
_ACCOUNTS, _MEDIAN = 5.0, 34.0
_SPREAD = (5.0, 8.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """A few people of one department on campus and at home; some run a list of problems overnight."""
    accounts, group = _operators.firms(size, _ACCOUNTS, identity.BROWSER, _MEDIAN, draw)
    script = draw.random(size) < 0.5
    accounts["client"] = np.where(script, identity.clients(identity.SDK, size, draw), accounts["client"])
    accounts["mail_domain"] = np.full(size, identity.CAMPUS)
    funded = people.one_each(group, draw.random(size) < 0.5)
    accounts["programme"] = np.where(funded, identity.RESEARCH, people.NOTHING)
    accounts["pathway"] = np.where(funded, identity.STUDY, np.where(script, identity.API, identity.SUBSCRIPTION))
    accounts["plan"] = np.where(funded, identity.CREDITS, identity.PRO)
    accounts["model"] = np.where(draw.random(size) < 0.7, identity.DEEP, accounts["model"])
    accounts["thinking"] = np.full(size, identity.THINKING_BUDGETS[-1])
    overnight = script & (draw.random(size) < 0.4)
    accounts["machine"], accounts["reacts"] = overnight, ~overnight
    accounts["turns"] = np.where(overnight, 1.0, accounts["turns"])
    accounts["rhythm"] = np.where(overnight, clock.FLAT, draw.choice([clock.WAKING, clock.OFFICE], size))
    return Cohort(accounts, _KINDS, _operators.tastes(group, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("researcher_maths", "university groups with hard problems and long thinking", _settle)
