"""Volumes of people: stretched to the world's size, not starved by a campaign, not far above those of their kind."""

from __future__ import annotations

import numpy as np
import pytest
from tests.simulate.drawing import EVASIONS, PLUGINS, WORLDS

from hydrometer.simulate import population, volumes
from hydrometer.simulate.population import Asked, Population, Settled
from hydrometer.simulate.world import Campaign


def settled(name: str, scale: float, knobs: dict[str, float] | None = None) -> Population:
    """A world as accounts."""
    return population.settle(Asked(WORLDS[name], 3, scale, knobs or {}), PLUGINS, EVASIONS)


def benign(world: Population) -> list[Settled]:
    """Cohorts that are no campaign."""
    return [one for one in world.settled if not isinstance(one.plugin, Campaign)]


def volume(cohorts: list[Settled]) -> np.ndarray:
    """Exchanges of each account of some cohorts."""
    return np.concatenate([one.cohort.accounts["volume"] for one in cohorts])


@pytest.mark.parametrize("name", ["curves", "null_crowd", "operators", "hard_pools", "zhipu_cleaner"])
def test_a_world_has_the_exchanges_that_it_states(name: str) -> None:
    scale = WORLDS[name].usual_scale
    assert settled(name, scale).exchanges == pytest.approx(WORLDS[name].exchanges * scale, abs=1)


@pytest.mark.parametrize(
    ("name", "scale", "knobs"),
    [
        ("curves", 1.0, {"sharding": 10_000.0}),
        ("curves", 0.3, {"sharding": 10_000.0}),
        ("zhipu_cleaner", 0.001, {}),
        ("relay_pool_6", 0.01, {}),
        ("demo", 0.001, {}),
    ],
)
def test_a_campaign_that_is_most_of_a_world_starves_nobody(name: str, scale: float, knobs: dict[str, float]) -> None:
    world, usual = settled(name, scale, knobs), settled(name, WORLDS[name].usual_scale)
    people = volume(benign(world))
    assert world.exchanges - people.sum() > volumes.MOST_OF_A_WORLD * WORLDS[name].exchanges * scale
    assert (people == 1).mean() < 0.2
    assert people.mean() > 0.6 * volume(benign(usual)).mean()


def test_a_knob_leaves_people_what_they_have_without_it() -> None:
    calm, knob = (volume(benign(settled("curves", 1.0, knobs))) for knobs in ({}, {"sharding": 10_000.0}))
    assert np.array_equal(calm, knob)


@pytest.mark.parametrize("name", ["operators", "hard_pools", "demo"])
def test_nobody_stands_too_far_above_the_others_of_a_kind(name: str) -> None:
    world = settled(name, 1.0)
    for one in benign(world):
        each = one.cohort.accounts["volume"]
        assert each.max() <= (volumes.MOST_OF_THE_MEDIAN + 1) * np.median(each), one.plugin.name


def test_what_is_cut_is_handed_to_the_others_in_proportion() -> None:
    cohort = {"volume": np.array([1_000_000, *[10, 20] * 50])}
    volumes.stretch([cohort], 10_000)
    giant, others = cohort["volume"][0], cohort["volume"][1:]
    assert cohort["volume"].sum() == 10_000
    assert others.max() < giant <= 61 * np.median(cohort["volume"])
    assert others[1::2].mean() == pytest.approx(2.0 * others[::2].mean(), rel=0.1)
    before = {"volume": np.array([5, 9, 14])}
    volumes.stretch([before], 28)
    assert before["volume"].tolist() == [5, 9, 14]
