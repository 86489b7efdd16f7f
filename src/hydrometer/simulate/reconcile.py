"""Makes a campaign's accounts consistent after all that was done to them, and keeps evasions off the innocent.

Who buys accounts buys ones that hang together: a browser comes with a subscription, a key with the API, a cloud account
with an organisation and no card, an education programme with its pathway and an institute, an agent with a program.
Pairs of fields that never meet in innocent accounts would give campaigns away without any detection. Source: the
architecture, section 6 (no giveaway in the range).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hydrometer.simulate import identity, people, speech
from hydrometer.simulate.world import OPERATOR, Array, Cohort, Columns, Evasion

_SCRIPTED_SUBSCRIPTIONS = 0.06
"""Share of programs that run on a subscription, as some people's do."""
_PROMPTED_AGENTS = 0.7
_FRAMEWORKS = 9
"""System prompts of popular frameworks that agents come with."""


def reconciled(cohort: Cohort, draw: np.random.Generator) -> Cohort:
    """The cohort with pathways that fit clients, papers that fit pathways, and agents that have a system prompt."""
    size, traits = cohort.size, cohort.accounts
    _programmed(traits, draw)
    browser = identity.families(traits["client"]) == identity.BROWSER
    plain = np.isin(traits["pathway"], [identity.API, identity.SUBSCRIPTION])
    subscribed = browser | (draw.random(size) < _SCRIPTED_SUBSCRIPTIONS)
    pathway = np.where(plain, np.where(subscribed, identity.SUBSCRIPTION, identity.API), traits["pathway"])
    cloud = pathway == identity.CLOUD
    sponsored = np.isin(pathway, [identity.CLASS, identity.VENTURE, identity.STUDY])
    own = np.where(traits["organization"] < 0, people.codes(size, draw), traits["organization"])
    traits["pathway"] = pathway
    traits["organization"] = np.where(cloud | sponsored, own, traits["organization"])
    traits["card"] = np.where(cloud | (pathway == identity.CLASS), people.NOTHING, traits["card"])
    traits["programme"] = np.where(pathway == identity.CLASS, identity.EDUCATION, traits["programme"])
    bare = (traits["tools"] >= 0) & (traits["system"] < 0) & (draw.random(size) < _PROMPTED_AGENTS)
    framework = speech.system(speech.FRAMEWORK, draw.integers(0, _FRAMEWORKS, size))
    traits["system"] = np.where(bare, framework, traits["system"])
    return cohort


def _programmed(traits: Columns, draw: np.random.Generator) -> None:
    """Accounts in a browser that run an agent, or come over a cloud or an aggregator, have a program instead."""
    browser = identity.families(traits["client"]) == identity.BROWSER
    agent = (traits["tools"] >= 0) & (traits["tools"] != identity.SEARCH_TOOLS)
    elsewhere = np.isin(traits["pathway"], [identity.CLOUD, identity.AGGREGATOR])
    program = identity.clients(identity.SDK, len(browser), draw)
    traits["client"] = np.where(browser & (agent | elsewhere), program, traits["client"])


def evaded(cohort: Cohort, evasion: Evasion, value: float, draw: np.random.Generator) -> Cohort:
    """The cohort after an evasion of its operator: what victims and customers show of themselves stays as it was."""
    before = dict(cohort.accounts)
    innocent = _innocent(cohort)
    changed = evasion.apply(replace(cohort, accounts=dict(before), weights=cohort.weights.copy()), value, draw)
    if not innocent.any():
        return changed
    for trait, values in changed.accounts.items():
        kept = before.get(trait, np.full(cohort.size, people.EXTRAS.get(trait, people.NOTHING)))
        changed.accounts[trait] = np.where(innocent & (trait not in _OF_THE_THIEF), kept, values)
    return changed


_OF_THE_THIEF = ("far_address", "far_client", "decoys", "wordings", "paraphrase", "cover_reacts")
"""Traits of an abused account that belong to its abuser."""


def _innocent(cohort: Cohort) -> Array:
    """Accounts that are not the operator's own."""
    role = cohort.accounts.get("role", np.full(cohort.size, OPERATOR))
    return np.asarray(role > OPERATOR)
