"""Strangers with one popular agent framework: it puts the same scaffold in front of whatever they ask.

A twin of an injected instruction: hundreds of unrelated accounts send word for word the same text, by default.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("scaffolded", "ask", "code_write", "summarise", "agent")
_MEANS = [5.0, 0.9, 0.9, 0.8, 1.0]
_RELEASES, _RELEASE_SHARE = 4, (0.5, 0.27, 0.15, 0.08)
_DEFAULT_SHARE = 0.85
_TOOLS = (1, 2, 5, 6)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Own cards and servers; the framework's release decides scaffold, prompt and sampling defaults."""
    accounts = people.ordinary(size, identity.SDK, 22.0, draw)
    people.framework_defaults(accounts, _DEFAULT_SHARE, draw)
    release = draw.choice(_RELEASES, size, p=_RELEASE_SHARE)
    accounts["injected"] = speech.injection(speech.SCAFFOLD, release)
    default_prompt = draw.random(size) < 0.7
    accounts["system"] = np.where(default_prompt, speech.system(speech.FRAMEWORK, release), people.NOTHING)
    accounts["tools"] = draw.choice(_TOOLS, size)
    hosted = draw.random(size) < 0.45
    accounts["address"] = np.where(hosted, networks.hosts(size, draw), accounts["address"])
    accounts["mobility"] = np.where(hosted, 0.02, accounts["mobility"])
    accounts["machine"] = draw.random(size) < 0.6
    accounts["rhythm"] = draw.choice(
        [clock.WAKING, clock.EVENING, clock.OFFICE, clock.CRON], size, p=[0.3, 0.3, 0.3, 0.1]
    )
    accounts["turns"] = 1.0 + draw.gamma(1.5, 1.8, size)
    _operators.churn(accounts, draw)
    people.tinker(accounts, draw)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.5, draw))


ARCHETYPE = Archetype("framework_user", "strangers with one agent framework", _settle)
