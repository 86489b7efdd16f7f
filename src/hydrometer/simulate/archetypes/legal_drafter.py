"""Law firms: clauses drafted, compared and rewritten from templates of the house. For out-of-distribution worlds.

Few forms, endlessly varied, long answers, office hours, one egress.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("legal_clause", "rewrite", "summarise", "translate", "ask")
_MEANS = [4.5, 1.6, 1.4, 0.6, 0.6]
_ACCOUNTS, _MEDIAN = 10.0, 28.0
_SPREAD = (7.0, 14.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Lawyers of one firm at the office and at home; most use the firm's prompt."""
    accounts, firm = _operators.firms(size, _ACCOUNTS, identity.BROWSER, _MEDIAN, draw)
    house = people.one_each(firm, speech.system(speech.COMPANY, people.codes(size, draw)))
    accounts["system"] = np.where(draw.random(size) < 0.7, house, people.NOTHING)
    accounts["verification"] = np.full(size, identity.BUSINESS)
    accounts["length"] = 1.5 * accounts["length"]
    accounts["scripted"] = draw.random(size) < 0.3
    return Cohort(accounts, _KINDS, _operators.tastes(firm, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("legal_drafter", "law firms that draft clauses", _settle)
