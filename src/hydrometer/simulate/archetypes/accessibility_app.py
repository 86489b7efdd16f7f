"""Blind and low-vision people who use one app: it describes their screen and says what to press next.

A twin of collecting computer use: thousands of strangers with one system prompt, one client and one tool set.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, networks, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("screen_help", "explain", "summarise", "ask", "write")
_MEANS = [6.0, 0.9, 0.8, 1.0, 0.5]
_BUILDS = 3
_SCREEN_TOOLS = 7


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Own cards, telephones and homes; three builds of the app with their prompt and their client."""
    accounts = people.ordinary(size, identity.SDK, 13.0, draw)
    build = draw.choice(_BUILDS, size, p=[0.6, 0.3, 0.1])
    accounts["client"] = identity.clients(identity.SDK, _BUILDS, draw)[build]
    accounts["system"] = speech.system(speech.ACCESS, build)
    accounts["tools"] = np.where(draw.random(size) < 0.35, _SCREEN_TOOLS, people.NOTHING)
    on_the_way = draw.random(size) < 0.5
    accounts["second_address"] = np.where(
        on_the_way, networks.mobile_exits(accounts["country"], draw), accounts["second_address"]
    )
    accounts["turns"] = 1.5 + draw.gamma(1.5, 2.0, size)
    accounts["max_tokens"], accounts["stream"] = np.full(size, 2048), np.full(size, True)
    _operators.churn(accounts, draw)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.6, draw))


ARCHETYPE = Archetype("accessibility_app", "people who let one app describe their screen", _settle)
