"""Which accounts are drawn together, and with which random numbers."""

from __future__ import annotations

import numpy as np
import pytest
from tests.simulate.drawing import EVASIONS, PLUGINS, WORLDS, drawn

from hydrometer.simulate import population
from hydrometer.simulate.population import Asked
from hydrometer.simulate.world import Campaign, Placement, World


def test_operators_and_chains_are_drawn_in_one_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(population, "SHARD_EXCHANGES", 5_000)
    world = population.settle(Asked(WORLDS["deepseek_relay"], 3, 0.02, {}), PLUGINS, EVASIONS)
    assert world.shards > 10
    shard, operator = world.accounts["shard"], world.accounts["operator"]
    for one in world.settled:
        here = slice(one.first_account, one.first_account + one.cohort.size)
        whole = one.cohort.accounts["number"] // 4 if isinstance(one.plugin, Campaign) else operator[here]
        pairs = np.unique(np.stack([whole, shard[here]]), axis=1)
        assert pairs.shape[1] == len(np.unique(whole)), one.plugin.name
        if isinstance(one.plugin, Campaign):
            assert len(np.unique(shard[here])) > 5
    sizes = np.bincount(shard, minlength=world.shards)
    assert sizes.min() > 0.4 * sizes.mean() and sizes.max() < 2.0 * sizes.mean()


def test_teams_resume_as_much_in_many_shards_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    teams = World("made", "made for a test", (Placement("session_resumer", 160),), (), 10_000)

    def resumed() -> float:
        world = drawn(teams)
        rows, place = world.rows, {code: k for k, code in enumerate(world.rows["code"].tolist())}
        takers = np.flatnonzero(rows["presented"] >= 0)
        donors = np.array([place[code] for code in rows["presented"][takers].tolist()])
        return float((rows["who"][takers] != rows["who"][donors]).sum() / len(rows["who"]))

    one = resumed()
    monkeypatch.setattr(population, "SHARD_EXCHANGES", 1_000)
    assert one > 0.05 and resumed() == pytest.approx(one, rel=0.15)


def test_a_plug_in_that_is_placed_twice_settles_other_people() -> None:
    homes = (Placement("household", 60), Placement("chat_user", 20), Placement("household", 60))
    once = World("made", "made for a test", homes[:2], (), 3_000)
    twice = World("made", "made for a test", homes, (), 3_000)
    alone, both = (population.settle(Asked(world, 3, 1.0, {}), PLUGINS, EVASIONS) for world in (once, twice))
    first, other, second = both.settled
    for trait in ("address", "card", "created", "country"):
        assert np.array_equal(first.cohort.accounts[trait], alone.settled[0].cohort.accounts[trait]), trait
        assert not np.array_equal(first.cohort.accounts[trait], second.cohort.accounts[trait]), trait
    assert len({first.salt, other.salt, second.salt}) == 3 and first.salt == alone.settled[0].salt
    rows = population.draw_shard(both, 0)
    one, two = (set(rows["sent"][rows["cohort"] == number].tolist()) for number in (0, 2))
    assert len(one & two) < 0.01 * len(one)
