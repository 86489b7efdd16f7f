"""Worlds are split by campaign family, archetype and time: what a held-out world shows, no development world showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pytest
from bench import fit_one_prompt
from tests.simulate.drawing import CAMPAIGNS, PLUGINS, WORLDS, named

from hydrometer.base.draws import generator
from hydrometer.base.errors import UsageError
from hydrometer.simulate import dabbling, hard, mixtures
from hydrometer.simulate.baselines import one_prompt
from hydrometer.simulate.population import Asked, settle
from hydrometer.simulate.world import (
    DEVELOPMENT,
    HARD_BENIGN,
    HELD_OUT,
    MIXED,
    NULL,
    OUT_OF_DISTRIBUTION,
    Archetype,
    Campaign,
    World,
)  # fmt: skip

SPLITS = {split: [world for world in WORLDS.values() if world.split == split] for split in (DEVELOPMENT, HELD_OUT)}


def people(worlds: list[World]) -> set[str]:
    """Archetypes that live in some of the worlds."""
    return {place.plugin for world in worlds for place in world.benign}


def families(worlds: list[World]) -> set[str]:
    """Campaigns that run in some of the worlds."""
    return {place.plugin for world in worlds for place in world.campaigns}


def test_there_are_thirty_worlds_in_two_splits() -> None:
    assert len(WORLDS) >= 30
    assert min(len(worlds) for worlds in SPLITS.values()) >= 12
    assert sum(len(worlds) for worlds in SPLITS.values()) == len(WORLDS)


def test_no_campaign_runs_in_both_splits() -> None:
    development, held_out = (families(SPLITS[split]) for split in (DEVELOPMENT, HELD_OUT))
    assert not development & held_out
    assert development | held_out == set(CAMPAIGNS)
    assert min(len(development), len(held_out)) >= 8


def test_held_out_look_alikes_and_strangers_live_in_no_development_world() -> None:
    development = people(SPLITS[DEVELOPMENT])
    assert not development & (set(mixtures.HELD_OUT_HARD) | set(mixtures.STRANGERS))
    assert development <= set(mixtures.CROWD) | set(mixtures.DEVELOPMENT_HARD)


def test_look_alikes_are_sorted_into_one_list_each() -> None:
    lists: list[Mapping[str, float]] = [
        mixtures.CROWD,
        mixtures.DEVELOPMENT_HARD,
        mixtures.HELD_OUT_HARD,
        mixtures.STRANGERS,
    ]
    named_once = Counter(name for names in lists for name in names)
    assert set(named_once.values()) == {1}
    assert set(named_once) == {name for name, plugin in PLUGINS.items() if isinstance(plugin, Archetype)}
    assert sum(mixtures.CROWD.values()) == pytest.approx(1.0)
    assert not hard.PRISTINE & {name for names in lists[1:] for name in names}


def test_strangers_live_only_in_worlds_out_of_distribution() -> None:
    strange = [world for world in WORLDS.values() if world.kind == OUT_OF_DISTRIBUTION]
    others = [world for world in WORLDS.values() if world.kind != OUT_OF_DISTRIBUTION]
    assert len(strange) >= 3 and all(world.split == HELD_OUT for world in strange)
    assert all(set(mixtures.STRANGERS) <= people([world]) for world in strange)
    assert not people(others) & set(mixtures.STRANGERS)


def test_worlds_out_of_distribution_speak_with_the_second_bank_and_no_other_does() -> None:
    for world in WORLDS.values():
        assert (world.bank == "second") == (world.kind == OUT_OF_DISTRIBUTION), world.name


def test_weeks_of_the_splits_do_not_meet() -> None:
    weeks = {split: {world.week for world in worlds} for split, worlds in SPLITS.items()}
    assert max(weeks[DEVELOPMENT]) < min(weeks[HELD_OUT])


@pytest.mark.parametrize("split", [DEVELOPMENT, HELD_OUT])
def test_worlds_without_a_campaign_stand_in_both_splits(split: str) -> None:
    quiet = [world for world in SPLITS[split] if world.kind in (NULL, HARD_BENIGN)]
    kinds = Counter(world.kind for world in quiet)
    assert not families(quiet) and kinds[NULL] >= 2 and kinds[HARD_BENIGN] >= 1 and len(quiet) >= 4


def test_every_other_world_has_a_campaign_or_is_out_of_distribution() -> None:
    assert all(world.campaigns for world in WORLDS.values() if world.kind == MIXED)
    assert {world.kind for world in WORLDS.values()} == {MIXED, NULL, HARD_BENIGN, OUT_OF_DISTRIBUTION}


def test_hard_worlds_hold_their_splits_look_alikes_and_few_others() -> None:
    assert set(mixtures.DEVELOPMENT_HARD) <= people([WORLDS["hard_development"]])
    assert set(mixtures.HELD_OUT_HARD) <= people([WORLDS["hard_held_out"]])
    for world in WORLDS.values():
        if world.kind == HARD_BENIGN:
            sizes = {
                difficulty: sum(place.accounts for place in world.benign if hard.difficulty(place.plugin) == difficulty)
                for difficulty in ("hard", "pristine")
            }
            assert sizes["hard"] > 0.5 * sizes["pristine"], (world.name, sizes)


@pytest.mark.parametrize("name", WORLDS)
def test_chat_users_and_households_live_everywhere(name: str) -> None:
    world = WORLDS[name]
    assert {"chat_user", "household"} <= people([world])
    assert all(isinstance(PLUGINS[place.plugin], Archetype) for place in world.benign)
    assert all(place.accounts > 0 for place in (*world.benign, *world.campaigns))
    assert len({place.plugin for place in world.campaigns}) == len(world.campaigns)
    assert 0 < world.usual_scale <= 1.0 and world.exchanges >= 1_000 and world.summary


@lru_cache
def kinds_of(plugin: str) -> frozenset[str]:
    """Kinds of prompt that an archetype writes, dabbling included, or that a campaign harvests."""
    cohort = PLUGINS[plugin].settle(40, generator(1, "test", plugin.encode()))
    if isinstance(PLUGINS[plugin], Campaign):
        return cohort.harvest
    if plugin in dabbling.DABBLERS:
        cohort = dabbling.dabbled(plugin, cohort, generator(2, "test", plugin.encode()))
    return frozenset(cohort.kinds)


@pytest.mark.parametrize("name", [name for name, world in WORLDS.items() if world.campaigns])
def test_what_a_campaign_harvests_innocents_of_its_world_ask_too(name: str) -> None:
    innocent = frozenset[str]().union(*(kinds_of(place.plugin) for place in WORLDS[name].benign))
    harvested = frozenset[str]().union(*(kinds_of(place.plugin) for place in WORLDS[name].campaigns))
    assert harvested and not harvested - innocent


def test_every_archetype_lives_in_some_world() -> None:
    archetypes = {name for name, plugin in PLUGINS.items() if isinstance(plugin, Archetype)}
    assert people(list(WORLDS.values())) == archetypes


def test_a_campaign_never_outgrows_its_world() -> None:
    for world in WORLDS.values():
        scale = min(world.usual_scale, 0.3)
        drawn = named(world.name, scale=scale) if world.exchanges * scale < 20_000 else None
        if drawn is not None and world.campaigns:
            assert drawn.inside.mean() < 0.75, world.name


def test_calibration_has_five_thousand_operators_of_several_accounts() -> None:
    world = WORLDS["operators"]
    accounts = settle(Asked(world, 1, 1.0, {}), PLUGINS, {}).accounts
    sizes = np.bincount(accounts["operator"])
    assert (sizes >= 2).sum() >= 5_000
    assert (accounts["role"] < 0).all() and not world.campaigns


def test_the_shipped_classifier_was_fitted_on_development_worlds_alone() -> None:
    names = {str(name).rsplit(" ", 1)[0] for name in np.load(one_prompt.FITTED)["worlds"]}
    assert names == {name for name, _ in fit_one_prompt.WORLDS}
    assert {WORLDS[name].split for name in names} == {DEVELOPMENT}


@pytest.mark.parametrize("name", ["hydra", "foreign_pool", "atlantis"])
def test_the_classifier_is_not_fitted_on_other_worlds(name: str) -> None:
    fit_one_prompt.refuse_held_out(["demo"])
    with pytest.raises(UsageError, match=name):
        fit_one_prompt.refuse_held_out(["demo", name])
