"""Review loops of build services: every push starts short chains of tool turns on runners of many hosters.

Not the long agents of a start-up: each loop is short, begins when people push or on the full hour, and ends with a
verdict.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("code_fix", "agent", "code_write", "summarise")
_MEANS = [3.0, 3.0, 0.7, 0.8]
_ACCOUNTS, _MEDIAN = 18.0, 36.0
_SPREAD = (6.0, 20.0)
_REVIEW_TOOLS = 4


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """One organisation's service accounts on ephemeral runners, machine gaps, one reviewer prompt in a few versions."""
    accounts, firm = _operators.firms(size, _ACCOUNTS, identity.SDK, _MEDIAN, draw)
    for trait in ("client", "temperature", "max_tokens", "thinking", "model"):
        accounts[trait] = people.one_each(firm, accounts[trait])
    accounts["address"], accounts["second_address"] = networks.hosts(size, draw), networks.hosts(size, draw)
    accounts["mobility"] = draw.beta(3.0, 2.0, size)
    accounts["language"] = np.zeros(size, dtype=np.int64)
    version = people.one_each(firm, people.codes(size, draw)) + draw.integers(0, 3, size)
    accounts["system"] = speech.system(speech.FRAMEWORK, version)
    accounts["tools"] = np.full(size, _REVIEW_TOOLS)
    accounts["turns"] = 2.0 + draw.gamma(2.0, 0.9, size)
    accounts["machine"] = np.full(size, True)
    accounts["rhythm"] = draw.choice([clock.OFFICE, clock.CRON, clock.FLAT], size, p=[0.6, 0.25, 0.15])
    return Cohort(accounts, _KINDS, _operators.tastes(firm, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("ci_swarm", "build services with review loops on every push", _settle)
