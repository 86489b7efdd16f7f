"""Meeting services: raw transcripts cleaned, summarised and translated after every call of their customers.

A twin of cleaning machine-made traces: one prompt over long texts of which no two are alike, by people who were there.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("transcript_clean", "summarise", "translate", "rewrite")
_MEANS = [5.0, 2.4, 0.7, 0.6]
_ACCOUNTS, _MEDIAN, _CUSTOMERS = 3.0, 120.0, 55.0
_SPREAD = (8.0, 30.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """One program on the service's servers, in the hours in which people meet."""
    accounts, service = _operators.firms(size, _ACCOUNTS, identity.SERVER, _MEDIAN, draw)
    _operators.one_program(accounts, service, draw)
    accounts["rhythm"] = draw.choice([clock.OFFICE, clock.WAKING], size, p=[0.8, 0.2])
    accounts["length"] = 3.0 * accounts["length"]
    accounts["polyglot"] = people.one_each(service, draw.random(size) < 0.5)
    accounts["end_users"] = np.where(
        people.one_each(service, draw.random(size) < 0.7), _operators.crowds(size, _CUSTOMERS, draw), 0
    )
    accounts["system"] = people.one_each(service, speech.system(speech.PIPELINE, people.codes(size, draw)))
    return Cohort(accounts, _KINDS, _operators.tastes(service, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("transcript_service", "services that clean transcripts of meetings", _settle)
