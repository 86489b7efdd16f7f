"""Hobbyists who call the API from a script or a scheduled job: single prompts, at night or on the full hour."""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.mixing import mix
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = (
    "code_write",
    "summarise",
    "translate",
    "steps",
    "rate",
    "npc",
    "ask",
    "rubric",
    "exam",
    "annotate",
    "write",
    "exercises",
)
_MEANS = [1.5, 1.2, 1.0, 0.8, 0.6, 0.6, 1.0, 0.4, 0.5, 0.5, 0.8, 0.6]
_HOSTED_SHARE = 0.4
_OWN_PROMPT_SHARE, _SCRIPTED_SHARE = 0.5, 0.6


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Each has one or two uses, most with one template; many are hosted, some run on the full hour, few converse."""
    half = size // 2
    client = np.concatenate(
        [identity.clients(identity.SDK, size - half, draw), identity.clients(identity.SCRIPT, half, draw)]
    )
    accounts = people.ordinary(size, identity.SDK, 14.0, draw)
    hosted = draw.random(size) < _HOSTED_SHARE
    accounts["client"] = draw.permutation(client)
    accounts["address"] = np.where(hosted, networks.hosts(size, draw), accounts["address"])
    accounts["mobility"] = np.where(hosted, 0.02, accounts["mobility"])
    accounts["rhythm"] = draw.choice(
        [clock.EVENING, clock.WAKING, clock.FLAT, clock.CRON], size, p=[0.3, 0.22, 0.28, 0.2]
    )
    accounts["machine"] = draw.random(size) < 0.6
    accounts["scripted"] = draw.random(size) < _SCRIPTED_SHARE
    accounts["turns"] = np.where(draw.random(size) < 0.8, 1.0, accounts["turns"])
    accounts["reacts"] = accounts["turns"] > 1.0
    own = draw.random(size) < _OWN_PROMPT_SHARE
    bots = speech.system(speech.BOT, (mix(people.codes(size, draw)) >> np.uint64(24)).astype(np.int64))
    framework = speech.system(speech.FRAMEWORK, draw.integers(0, 9, size))
    accounts["system"] = np.where(own, bots, np.where(draw.random(size) < 0.4, framework, people.NOTHING))
    _operators.churn(accounts, draw)
    people.tinker(accounts, draw)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.12, draw))


ARCHETYPE = Archetype("hobby_script", "hobbyists with scripts and scheduled jobs", _settle)
