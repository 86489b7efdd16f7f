"""Every disclosed technique is asked for by some campaign, shows in what is written, and has an innocent twin."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pytest
from tests.simulate.drawing import CAMPAIGNS, EVASIONS, NO_KNOB, PLUGINS, WORLDS, Drawn
from tests.simulate.test_campaigns import plan

from hydrometer.base.draws import generator
from hydrometer.simulate import columns, identity, population, speech
from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.coordination import COORDINATIONS
from hydrometer.simulate.techniques import TECHNIQUES
from hydrometer.simulate.world import Archetype, Builder, Campaign, Placement, World

EVADING = {7: "template_pool", 23: "sharding", 24: "mixing"}
"""Rows that are covered by a knob."""
BY_COMPOSITION = {6: "cot_elicitation", 8: "synthetic_instructions", 38: "two_builders", 40: "reseller_builder"}
"""Rows that are covered by what is composed: few kinds, kinds of worth, two builders, builders among customers."""
ROWS = set(range(6, 43))


@lru_cache
def alone(technique: str, accounts: int = 40) -> Drawn:
    """A campaign of one technique without anything that holds its accounts together, among a few people."""
    return made({technique: 1.0}, {}, accounts)


def made(techniques: Mapping[str, float], coordination: Mapping[str, float], accounts: int = 40) -> Drawn:
    """A campaign composed for a test."""
    settle = composed(Plan(exchanges=25.0, techniques=techniques, coordination=coordination, cover=0.1))
    campaign = Campaign("made", "made for a test", settle, (Builder(("reasoning",)),), "a test")
    world = World("made", "made for a test", (Placement("chat_user", 40),), (Placement("made", accounts),), 200)
    settled = population.settle(
        population.Asked(world, 4, 1.0, NO_KNOB), {"chat_user": PLUGINS["chat_user"], "made": campaign}, EVASIONS
    )
    rows = population.with_traits(population.draw_shard(settled, 0), settled.accounts)
    return Drawn(settled, rows, columns.Writing(4))


def test_every_technique_and_coordination_is_used_by_a_placed_campaign() -> None:
    placed = {place.plugin for world in WORLDS.values() for place in world.campaigns}
    assert placed == set(CAMPAIGNS)
    used: set[str] = set()
    for name in placed:
        composition = plan(name)
        if composition is not None:
            used |= set(composition.coordination)
            used |= {one for each in (composition.techniques, *composition.others) for one in each}
    assert {*TECHNIQUES, *COORDINATIONS} - used == set()


def test_every_row_of_the_mission_is_covered() -> None:
    by_technique = {one.row for one in TECHNIQUES.values()}
    by_coordination = {one.row for one in COORDINATIONS.values()}
    assert by_technique == {*range(9, 23), 25, 26}
    assert by_coordination == {14, *range(27, 38), 39, 41, 42}
    assert by_technique | by_coordination | set(EVADING) | set(BY_COMPOSITION) == ROWS
    assert set(EVADING.values()) <= set(EVASIONS)
    assert set(BY_COMPOSITION.values()) <= {*TECHNIQUES, *CAMPAIGNS}


def test_sources_of_presets_name_rows_that_their_parts_cover() -> None:
    for name, campaign in CAMPAIGNS.items():
        composition = plan(name)
        if composition is None or ";" not in campaign.source:
            continue
        rows = {
            int(word.strip()) for word in campaign.source.rsplit("rows ", 1)[-1].split(",") if word.strip().isdigit()
        }
        parts = [
            *composition.coordination,
            *(one for each in (composition.techniques, *composition.others) for one in each),
        ]
        covered = {
            row for part in parts for row in {getattr(TECHNIQUES.get(part) or COORDINATIONS.get(part), "row", 0)}
        }
        known = set(EVADING) | set(BY_COMPOSITION) | {2}
        assert rows - known <= covered, (name, rows - known - covered)


@pytest.mark.parametrize("name", [*TECHNIQUES, *COORDINATIONS])
def test_every_twin_is_an_archetype_that_lives_in_some_world(name: str) -> None:
    part = TECHNIQUES.get(name) or COORDINATIONS[name]
    assert isinstance(PLUGINS[part.twin], Archetype)
    assert any(place.plugin == part.twin for world in WORLDS.values() for place in world.benign)


@pytest.mark.parametrize("name", TECHNIQUES)
def test_a_technique_asks_for_its_kinds_in_its_proportions(name: str) -> None:
    world, technique = alone(name), TECHNIQUES[name]
    opens = world.harvested & (world.rows["turn"] == 1)
    kinds = np.array(speech.KINDS)[world.rows["kind"][opens]]
    assert set(kinds) == set(technique.kinds)
    total = sum(technique.kinds.values())
    for kind, weight in technique.kinds.items():
        assert (kinds == kind).mean() == pytest.approx(weight / total, abs=0.12)
    cover = 1.0 - world.harvested[world.inside].mean()
    assert 0.0 < cover < 0.15


@pytest.mark.parametrize("name", TECHNIQUES)
def test_work_lists_ask_each_item_once_and_canaries_few_again_and_again(name: str) -> None:
    world, technique = alone(name), TECHNIQUES[name]
    listed = np.isin(world.rows["kind"], [speech.CODE[kind] for kind in technique.kinds]) & world.harvested
    distinct = len(np.unique(world.rows["item"][listed]))
    assert distinct == (min(technique.items, listed.sum()) if technique.items else listed.sum())


@pytest.mark.parametrize("name", TECHNIQUES)
def test_prompts_of_a_technique_are_written_and_differ(name: str) -> None:
    world = alone(name)
    opens = world.harvested & (world.rows["turn"] == 1)
    prompts = world.prompts(opens)
    assert all(len(prompt) > 8 for prompt in prompts)
    least = 10 if TECHNIQUES[name].items else 0.9 * len(prompts)
    assert len(set(prompts)) >= least


def share(world: Drawn, condition: np.ndarray) -> float:
    """Share of the campaign's accounts."""
    return float(condition[world.members].mean())


def test_thinking_techniques_ask_for_the_deepest_budget() -> None:
    def deep(name: str) -> float:
        world = alone(name, 300)
        return share(world, world.population.accounts["thinking"] == identity.THINKING_BUDGETS[-1])

    plain = deep("coding")
    assert plain < 0.4
    for name in ("cot_elicitation", "fake_debug", "language_coercion", "signature_replay"):
        assert deep(name) > plain + 0.2, name


def test_forced_tags_put_one_text_before_every_harvested_prompt() -> None:
    world = alone("forced_tags")
    harvest, rest = world.prompts(world.harvested), world.prompts(~world.harvested)
    first = {prompt.split("\n\n")[0] for prompt in harvest}
    assert len(first) == 1
    assert not [prompt for prompt in rest if prompt.split("\n\n")[0] in first]


def test_language_coercion_puts_its_demand_before_most_prompts() -> None:
    world = alone("language_coercion")
    injected = world.population.accounts["injected"] >= 0
    assert 0.5 < share(world, injected) < 0.9 and len(np.unique(world.traits("injected"))) == 2
    assert "" not in {prompt.split("\n\n")[0] for prompt in world.prompts(world.harvested)}


@pytest.mark.parametrize(
    ("name", "tools"), [("agentic_coding", 0), ("computer_use", 7), ("data_analysis", 5), ("session_replay", 0)]
)
def test_agents_bring_tools_and_long_sessions(name: str, tools: int) -> None:
    world = alone(name)
    uses = world.population.accounts["tools"] == tools
    assert 0.5 < share(world, uses) < 0.9
    assert world.traits("turns")[uses[world.members]].mean() > 4
    shown = [
        value for value, inside in zip(world.exchanges["tools"].to_pylist(), world.harvested, strict=True) if inside
    ]
    assert sum(value == list(speech.TOOLSETS[tools]) for value in shown) > 0.4 * len(shown)


@pytest.mark.parametrize(("name", "modality"), [("vision", "image"), ("audio", "audio"), ("computer_use", "screen")])
def test_what_a_technique_brings_besides_text(name: str, modality: str) -> None:
    world = alone(name)
    brought = world.exchanges["input_modalities"].to_pylist()
    opens = world.harvested & (world.rows["turn"] == 1)
    assert np.mean([modality in one for one, inside in zip(brought, opens, strict=True) if inside]) > 0.9


def test_images_are_made() -> None:
    world = alone("image_generation")
    made_of = world.exchanges["output_modalities"].to_pylist()
    assert all(one == ["image"] for one, inside in zip(made_of, world.harvested, strict=True) if inside)
    assert set(np.array(world.exchanges["operation"].to_pylist())[world.harvested]) == {"image"}


def test_relays_hide_many_users_of_many_languages() -> None:
    world = alone("relay")
    assert (world.rows["end_user"][world.inside] < 0).all()
    spoken = [len(np.unique(world.rows["language"][world.rows["who"] == k])) for k in np.flatnonzero(world.members)]
    assert np.median(spoken) >= 4
    spoken_at_home = [
        len(np.unique(alone("coding").rows["language"][alone("coding").rows["who"] == k]))
        for k in np.flatnonzero(alone("coding").members)
    ]
    assert max(spoken_at_home) == 1
    assert share(world, world.population.accounts["system"] >= 0) > 0.5


def test_identity_override_tells_the_model_that_it_is_another() -> None:
    world = alone("identity_override")
    told = world.population.accounts["system"] // speech.SYSTEM_STEP == speech.RIVAL
    assert 0.5 < share(world, told) < 0.9
    rival = (world.rows["system"] // speech.SYSTEM_STEP == speech.RIVAL)[world.inside]
    texts = set(np.array(world.exchanges["system_instructions"].to_pylist(), dtype=object)[world.inside][rival])
    assert 1 <= len(texts) <= 3


def test_repeated_sampling_asks_for_several_choices() -> None:
    world = alone("repeated_sampling")
    choices = np.array(world.exchanges["choices"].to_pylist())
    assert set(choices[~world.inside]) == {1} and 0.5 < (choices[world.inside] == 4).mean() < 0.9


def test_cache_optimised_traffic_is_served_from_the_cache() -> None:
    world, plain = alone("cache_optimised"), alone("cot_elicitation")
    assert world.traits("prefix_cache").min() >= 0.5 and plain.traits("prefix_cache").max() == 0.0
    assert world.rows["cached_prefix"][world.inside].mean() > 0.6
    assert not plain.rows["cached_prefix"].any()


def test_two_techniques_of_one_campaign_share_its_accounts() -> None:
    world = made({"rubric_grading": 0.6, "trace_cleaning": 0.4}, {})
    kinds = world.rows["kind"]
    both = [
        {speech.CODE["judge"], speech.CODE["trace_clean"]} <= set(kinds[world.rows["who"] == account].tolist())
        for account in np.flatnonzero(world.members)
    ]
    assert np.mean(both) > 0.6


def test_a_composition_settles_alike_by_the_same_draws() -> None:
    settle = composed(Plan(exchanges=5.0, techniques=dict.fromkeys(TECHNIQUES, 1.0), coordination={}))
    one, other = (settle(30, generator(1, "test", b"x")) for _ in range(2))
    assert all(
        np.array_equal(one.accounts[trait], other.accounts[trait], equal_nan=one.accounts[trait].dtype == float)
        for trait in one.accounts
    )
    assert (one.weights.sum(axis=1) > 0).all()
