"""Accounts of campaigns hang together as bought ones do, after all coordination and every evasion."""

from __future__ import annotations

import numpy as np
import pytest
from tests.simulate.drawing import CAMPAIGNS, PLUGINS

from hydrometer.simulate import identity, people, run, speech
from hydrometer.simulate.population import Asked, settle
from hydrometer.simulate.world import Columns, Placement, World

EVASIONS = run.evasions()
SPONSORED = (identity.CLASS, identity.VENTURE, identity.STUDY)


def campaign(name: str, **knobs: float) -> Columns:
    """Traits of the accounts of one campaign."""
    world = World("made", "made for a test", (Placement("chat_user", 20),), (Placement(name, 300),), 200)
    accounts = settle(Asked(world, 6, 1.0, knobs), PLUGINS, EVASIONS).accounts
    return {trait: values[accounts["role"] >= 0] for trait, values in accounts.items()}


@pytest.mark.parametrize("knobs", [{}, {"editor_mimicry": 0.5, "pathway_slicing": 0.8}], ids=["plain", "evading"])
@pytest.mark.parametrize("name", CAMPAIGNS)
def test_papers_clients_and_pathways_fit(name: str, knobs: dict[str, float]) -> None:
    traits = campaign(name, **knobs)
    browser = identity.families(traits["client"]) == identity.BROWSER
    assert not np.isin(traits["pathway"][browser], [identity.API, identity.CLOUD, identity.AGGREGATOR]).any()
    assert set(traits["tools"][browser]) <= {people.NOTHING, identity.SEARCH_TOOLS}
    cloud = traits["pathway"] == identity.CLOUD
    assert (traits["organization"][cloud] >= 0).all() and (traits["card"][cloud] == people.NOTHING).all()
    assert (traits["organization"][np.isin(traits["pathway"], SPONSORED)] >= 0).all()
    assert (traits["card"][traits["pathway"] == identity.CLASS] == people.NOTHING).all()
    assert (traits["programme"][traits["pathway"] == identity.CLASS] == identity.EDUCATION).all()
    subscribed = ~browser & (traits["pathway"] == identity.SUBSCRIPTION)
    assert subscribed.mean() < 0.12


def test_relays_run_the_software_that_others_run() -> None:
    popular = set(speech.system(speech.RELAY, np.arange(speech.POPULAR_RELAYS)).tolist())
    system = campaign("relay_pool_6")["system"]
    relayed = system[system // speech.SYSTEM_STEP == speech.RELAY]
    assert len(relayed) and set(relayed.tolist()) <= popular
    pooler = PLUGINS["private_pooler"].settle(400, np.random.Generator(np.random.Philox(key=2))).accounts["system"]
    assert popular <= set(pooler.tolist())
