"""What every benign population must be: complete, over-dispersed between operators, heavy-tailed, and like itself."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from hydrometer.base.draws import generator
from hydrometer.simulate import clock, columns, identity, networks, people, population, run, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Array, Cohort, Columns, Placement, World

ARCHETYPES = {name: plugin for name, plugin in run.plugins().items() if isinstance(plugin, Archetype)}
OPTIONAL = set(people.EXTRAS)
CAMPAIGN_ONLY = {
    "role", "number", "replays", "hands_over", "decoys", "fake_follow", "cover_reacts", "far_address",
    "far_client",
}  # fmt: skip
TECHNIQUES = {
    "harvest", "teach", "judge", "pairwise", "synthesis", "after_fact", "fake_debug", "coerced_language", "fuzz",
    "judge_foreign", "trace_clean", "sanitise", "task_make", "code_harvest", "kernel_harvest", "cyber_harvest",
    "data_harvest", "screen_harvest", "vision_harvest", "audio_harvest", "picture_harvest", "agent_harvest",
    "session_replay", "relay", "canary",
}  # fmt: skip
GROUPED = (
    "agent_swarm", "annotation_vendor", "audio_app", "authorised_distiller", "authorised_reseller", "ci_swarm",
    "company_card", "course_author", "enterprise_batch", "enterprise_gateway", "evaluation_lab", "game_studio",
    "household", "judge_researcher", "kernel_engineer", "key_juggler", "key_rotation", "legal_drafter",
    "localisation_vendor",
    "message_bot", "moderation_vendor", "multi_cloud_firm", "newsroom", "price_mover", "private_pooler",
    "prompt_optimiser", "quota_stretcher", "red_team", "regression_tester", "researcher_maths", "session_resumer",
    "survey_vendor", "teacher_feedback", "transcript_service", "undeclared_reseller", "white_label",
)  # fmt: skip
"""Archetypes of which one operator has several accounts."""


def settled(name: str, size: int, seed: int = 5) -> Cohort:
    """The cohort of an archetype."""
    return ARCHETYPES[name].settle(size, generator(seed, "test", name.encode()))


def drawn(*placements: Placement, exchanges: int, seed: int = 2) -> tuple[population.Population, Columns]:
    """A world of nobody but these, and its traffic."""
    world = World("made", "made for a test", placements, (), exchanges)
    made = population.settle(population.Asked(world, seed, 1.0, {}), run.plugins(), {})
    rows = population.draw_shard(made, 0)
    return made, population.with_traits(rows, made.accounts)


@lru_cache
def lived(name: str, accounts: int = 400, exchanges: int = 16_000) -> Columns:
    """Traffic of one archetype, with the traits of its accounts."""
    return drawn(Placement(name, accounts), exchanges=exchanges)[1]


def per_operator(rows: Columns) -> Array:
    """How many conversations of each kind each operator opened, shape (operators, kinds)."""
    opens = rows["turn"] == 1
    _, operator = np.unique(rows["operator"][opens], return_inverse=True)
    counts = np.zeros((operator.max() + 1, len(speech.KINDS)))
    np.add.at(counts, (operator, rows["kind"][opens]), 1)
    return counts


def top_share(volume: Array, share: float = 0.05) -> float:
    """Part of all exchanges that comes from the busiest `share`."""
    busiest = np.sort(volume)[::-1][: max(1, round(share * len(volume)))]
    return float(busiest.sum() / volume.sum())


def test_there_are_fifty_six_populations() -> None:
    assert len(ARCHETYPES) == 56
    assert set(GROUPED) <= set(ARCHETYPES)
    assert all(plugin.summary and len(plugin.summary) < 80 for plugin in ARCHETYPES.values())


@pytest.mark.parametrize("size", [1, 7, 400])
@pytest.mark.parametrize("name", ARCHETYPES)
def test_settles_complete_at_every_size(name: str, size: int) -> None:
    cohort = settled(name, size)
    accounts = cohort.accounts
    assert set(people.TRAITS) - OPTIONAL <= set(accounts)
    assert not set(accounts) - set(people.TRAITS) - OPTIONAL and not CAMPAIGN_ONLY & set(accounts)
    assert {trait: len(values) for trait, values in accounts.items() if len(values) != size} == {}
    assert cohort.weights.shape == (size, len(cohort.kinds)) and (cohort.weights > 0).all()
    assert accounts["volume"].min() >= 1 and accounts["volume"].dtype.kind == "i"
    assert (accounts["created"] <= accounts["opened"]).all() and (accounts["opened"] < accounts["closed"]).all()
    assert (accounts["opened"] >= clock.START_US - clock.DAY_US).all() and (accounts["closed"] <= clock.END_US).all()
    assert ((accounts["operator"] >= 0) & (accounts["operator"] < size)).all()
    assert (accounts["turns"] >= 1.0).all() and (accounts["keys"] >= 1).all()


TINKERERS = ("app_user", "exam_coach", "framework_user", "hobby_script", "outage_recoverer")
"""People who run a script on a subscription now and then."""


@pytest.mark.parametrize("name", ARCHETYPES)
def test_browsers_and_programs_come_by_their_own_pathway(name: str) -> None:
    accounts = settled(name, 400).accounts
    browser = np.array([agent.startswith("Mozilla") for agent in identity.user_agents(accounts["client"]).to_pylist()])
    assert not (browser & (accounts["pathway"] == identity.API)).any()
    scripted = ~browser & (accounts["pathway"] == identity.SUBSCRIPTION)
    assert scripted.mean() < (0.15 if name in TINKERERS else 1e-9)


@pytest.mark.parametrize("name", ARCHETYPES)
def test_harvests_nothing(name: str) -> None:
    cohort = settled(name, 7)
    assert cohort.harvest == frozenset()
    assert set(cohort.kinds) <= set(speech.CODE)
    if ARCHETYPES[name].authorisation is None:
        assert not TECHNIQUES & set(cohort.kinds)


@pytest.mark.parametrize("name", ARCHETYPES)
def test_same_draws_give_the_same_people_and_others_do_not(name: str) -> None:
    one, same, other = settled(name, 40), settled(name, 40), settled(name, 40, seed=6)
    for trait, values in one.accounts.items():
        np.testing.assert_array_equal(values, same.accounts[trait], err_msg=trait)
    np.testing.assert_array_equal(one.weights, same.weights)
    assert (one.accounts["volume"] != other.accounts["volume"]).any()
    assert (one.accounts["address"] != other.accounts["address"]).any()


@pytest.mark.parametrize("name", ARCHETYPES)
def test_volumes_are_heavy_tailed(name: str) -> None:
    volume = settled(name, 400).accounts["volume"]
    assert top_share(volume) > 0.12, "the busiest twentieth does hardly more than its share"
    assert volume.mean() > 1.15 * np.median(volume)


@pytest.mark.parametrize("name", GROUPED)
def test_operators_of_one_kind_differ(name: str) -> None:
    counts = per_operator(lived(name))
    assert len(counts) >= 2
    kind = int(np.argmax(counts.sum(axis=0)))
    total, hits = counts.sum(axis=1), counts[:, kind]
    rate = hits.sum() / total.sum()
    kept = total * rate * (1 - rate) > 2
    excess = ((hits - total * rate) ** 2 / (total * rate * (1 - rate)))[kept].mean()
    assert kept.sum() >= 2 and excess > 2.0, "operators differ no more than chance"


@pytest.mark.parametrize("name", sorted(set(GROUPED) - {"enterprise_batch", "white_label", "agent_swarm"}))
def test_operators_differ_in_volume_and_size(name: str) -> None:
    accounts = settled(name, 4000).accounts
    _, operator, size = np.unique(accounts["operator"], return_inverse=True, return_counts=True)
    assert size.max() >= 2
    volume = np.bincount(operator, weights=accounts["volume"])
    assert volume.max() > 4 * np.median(volume)


@pytest.mark.parametrize("name", ARCHETYPES)
def test_lives_in_a_small_world(name: str) -> None:
    made, rows = drawn(Placement("chat_user", 10), Placement(name, 12), exchanges=500, seed=1)
    assert len(rows["who"]) == 500 and len(made.accounts["who"]) == 22
    assert (rows["builder"] == people.NOTHING).all()
    assert (rows["sent"] >= rows["created"]).all() and (rows["sent"] < clock.END_US).all()
    table = columns.exchange_table(rows, columns.Writing(1))
    assert table.num_rows == 500 and table["prompt"].null_count == 0
    assert columns.account_table(made.accounts, columns.Writing(1)).num_rows == 22


def test_populations_scale_to_thousands_of_operators() -> None:
    for name, operators in (("undeclared_reseller", 5_000), ("judge_researcher", 2_000), ("company_card", 120)):
        accounts = settled(name, 8_000).accounts
        assert len(np.unique(accounts["operator"])) >= operators


def test_sizes_of_operators_stay_within_half_and_twice_the_typical_one() -> None:
    group = _operators.sized(5_000, 6.0, generator(1, "test"))
    sizes = np.unique(group, return_counts=True)[1][:-1]
    assert sizes.min() >= 3 and sizes.max() <= 12 and 5 < np.median(sizes) < 7
    assert (np.diff(group) >= 0).all() and len(_operators.sized(1, 300.0, generator(1, "test"))) == 1


def test_tastes_vary_more_between_operators_than_within() -> None:
    group = np.repeat(np.arange(400), 10)
    share = _operators.tastes(group, [3.0, 1.0], (4.0, 40.0), generator(1, "test"))[:, 0].reshape(400, 10)
    between, within = share.mean(axis=1).var(), share.var(axis=1).mean()
    assert share.mean() == pytest.approx(0.75, abs=0.02)
    assert between == pytest.approx(0.75 * 0.25 / 5, rel=0.25), "variance of a Dirichlet share with concentration 4"
    assert between > 5 * within


@pytest.mark.parametrize("name", ["chat_user", "app_user", "hobby_script", "editor_user", "diaspora"])
def test_churn_opens_and_closes_some_accounts(name: str) -> None:
    accounts = settled(name, 4_000).accounts
    fresh, gone = accounts["opened"] > clock.START_US, accounts["closed"] < clock.END_US
    assert 0.03 < fresh.mean() < 0.07 and 0.02 < gone.mean() < 0.04
    assert (accounts["opened"] - accounts["created"])[fresh].max() <= clock.HOUR_US
    np.testing.assert_array_equal(gone, accounts["close_reason"] >= 0)
    assert set(accounts["close_reason"][gone]) == {identity.BANNED, identity.UNPAID, identity.LEFT}


def pairs(accounts: Columns) -> tuple[Array, Array]:
    """Masks of the old and the new accounts of firms that replaced theirs."""
    old = accounts["close_reason"] == identity.LEFT
    return old, ~old


def test_key_rotation_replaces_accounts_within_hours() -> None:
    accounts = settled("key_rotation", 400).accounts
    old, new = pairs(accounts)
    assert old.sum() == 200
    for firm in np.unique(accounts["operator"]):
        here = accounts["operator"] == firm
        if (here & old).any() and (here & new).any():
            last, first = accounts["closed"][here & old].min(), accounts["opened"][here & new]
            assert (first >= last - clock.HOUR_US * 12).all() and (first <= last + clock.DAY_US).all()
            assert (accounts["created"][here & new] > clock.START_US).all()
            for trait in ("organization", "card", "system", "country"):
                assert len(np.unique(accounts[trait][here])) == 1, trait


def test_private_pooler_takes_turns() -> None:
    accounts = settled("private_pooler", 400).accounts
    for person in np.unique(accounts["operator"])[:-1]:
        here = np.flatnonzero(accounts["operator"] == person)
        assert 2 <= len(here) <= 5
        opened, closed = accounts["opened"][here], accounts["closed"][here]
        overlap = np.minimum(closed[:-1], closed[1:]) - np.maximum(opened[:-1], opened[1:])
        assert (overlap < 0.31 * clock.SPAN_US / len(here)).all()
        assert opened[0] == clock.START_US and closed[-1] == clock.END_US
        assert len(np.unique(accounts["client"][here])) == 1


STRETCHERS = ("quota_stretcher", "key_juggler")


@pytest.mark.parametrize("name", STRETCHERS)
def test_undeclared_batches_spread_over_three_to_forty_accounts(name: str) -> None:
    accounts = settled(name, 6_000).accounts
    sizes = np.bincount(np.unique(accounts["operator"], return_inverse=True)[1])[:-1]
    assert sizes.min() == 3 and sizes.max() == 40 and np.median(sizes) <= 6
    assert np.sort(sizes)[::-1][: len(sizes) // 10].sum() > 0.25 * sizes.sum(), "sizes have no tail"
    assert (accounts["owner"] == people.NOTHING).all() and (accounts["organization"] == people.NOTHING).all()
    assert identity.BUSINESS not in accounts["verification"]


@pytest.mark.parametrize("name", STRETCHERS)
def test_undeclared_batches_betray_one_hand_to_a_degree_that_differs(name: str) -> None:
    accounts = settled(name, 6_000).accounts
    shown = {"mail_shape": accounts["mail_shape"], "block": accounts["address"] >> 8}
    for values in shown.values():
        shares = np.array([
            np.mean(values[here] == people.commonest(values[here]))
            for here in (accounts["operator"] == one for one in np.unique(accounts["operator"]))
            if here.sum() >= 6
        ])  # fmt: skip
        assert 0.3 < shares.mean() < 0.9 and shares.std() > 0.15
    made = accounts["created"] // clock.DAY_US
    days = [np.ptp(made[accounts["operator"] == one]) for one in np.unique(accounts["operator"])]
    assert np.quantile(days, 0.2) < 0.4 * np.quantile(days, 0.8)


@pytest.mark.parametrize("name", STRETCHERS)
def test_undeclared_batches_ask_nothing_twice_and_follow_few_templates(name: str) -> None:
    rows = lived(name)
    listed = np.isin(
        rows["kind"], [speech.CODE[kind] for kind in ARCHETYPES[name].settle(1, generator(0, "t")).worklists]
    )
    assert listed.mean() > 0.85 and (rows["turn"] == 1).all()
    assert len(np.unique(rows["item"][listed])) == listed.sum()
    templates = [
        len(np.unique(rows["wording"][listed & (rows["operator"] == one)])) / np.sum(rows["operator"] == one)
        for one in np.unique(rows["operator"][listed])
    ]
    assert np.median(templates) < 0.25
    table = columns.exchange_table(rows, columns.Writing(1))
    prompts = np.array(table["prompt"].to_pylist())[listed]
    assert len(np.unique(prompts)) > 0.98 * len(prompts)


def test_stretchers_and_jugglers_have_manners_of_their_own() -> None:
    stretcher, juggler = (settled(name, 3_000) for name in STRETCHERS)
    assert not set(stretcher.worklists) & set(juggler.worklists)
    assert (stretcher.accounts["pathway"] == identity.API).all()
    assert 0.3 < (juggler.accounts["pathway"] == identity.AGGREGATOR).mean() < 0.7
    taking_turns = stretcher.accounts["opened"] > clock.START_US
    assert 0.15 < taking_turns.mean() < 0.5 and (juggler.accounts["opened"] == clock.START_US).all()
    assert (stretcher.accounts["card"] < 0).mean() > 0.4


def test_regression_jobs_start_on_the_full_hour_and_repeat_few_items() -> None:
    rows = lived("regression_tester")
    late_us = (rows["sent"][rows["turn"] == 1] - clock.START_US) % clock.HOUR_US
    assert (late_us < 60 * clock.SECOND_US).mean() > 0.6
    repeated = rows["kind"] == speech.CODE["regression"]
    busiest = np.bincount(rows["who"][repeated]).argmax()
    items = rows["item"][repeated & (rows["who"] == busiest)]
    assert len(np.unique(items)) <= 48 < len(items)
    assert len(np.unique(rows["item"][repeated])) > 48, "two customers have the same suite"


def test_people_come_back_from_an_outage_together() -> None:
    rows = lived("outage_recoverer", 400, 4_000)
    hour = np.bincount((rows["sent"] - clock.START_US) // clock.HOUR_US, minlength=168)
    assert hour[:19].sum() == 0 and hour.max() > 0.4 * len(rows["sent"])


def test_travellers_are_elsewhere_than_their_card() -> None:
    accounts = settled("traveller", 600).accounts
    signed = networks.places(accounts["sign_up"], np.full(600, people.NOTHING))
    seen = networks.places(accounts["address"], np.full(600, people.NOTHING))
    assert (accounts["billing"] != accounts["country"]).all()
    assert (signed == accounts["billing"]).mean() > 0.8 and (seen == accounts["billing"]).mean() < 0.1


def test_expatriates_write_another_language_than_their_line_suggests() -> None:
    accounts = settled("diaspora", 1_000).accounts
    english = networks.LANGUAGES.index("en")
    assert (accounts["language"] != english).mean() > 0.5
    assert 0.35 < (accounts["billing"] >= 0).mean() < 0.55


def test_cost_minded_firms_move_all_their_accounts_in_one_hour() -> None:
    accounts = settled("price_mover", 400).accounts
    moves = accounts["adopts"] > 0.5
    assert moves.mean() > 0.6 and set(accounts["model"][moves]) == {identity.DEEP}
    assert max(identity.OUTPUT_USD[[identity.NEW, identity.STANDARD]]) < identity.OUTPUT_USD[identity.DEEP]
    firms = [moves & (accounts["operator"] == firm) for firm in np.unique(accounts["operator"][moves])]
    assert max(np.ptp(accounts["adopt_at"][firm]) for firm in firms) < clock.HOUR_US
    assert np.ptp(accounts["adopt_at"][moves]) > 4 * clock.DAY_US


def test_cost_minded_firms_leave_the_expensive_model() -> None:
    rows = lived("price_mover")
    later = rows["sent"] > rows["adopt_at"] + clock.HOUR_US
    went = rows["adopts"] > 0.5
    assert (rows["model"][went & ~later] == identity.DEEP).mean() > 0.85
    assert (rows["model"][went & later] == identity.DEEP).mean() < 0.15


def test_company_card_is_all_that_colleagues_share() -> None:
    accounts = settled("company_card", 400).accounts
    firm = accounts["operator"] == accounts["operator"][0]
    assert firm.sum() >= 20 and len(np.unique(accounts["card"][firm])) == 1
    assert len(np.unique(accounts["address"][firm])) > 0.6 * firm.sum()
    assert (accounts["organization"] == people.NOTHING).all()


def test_several_pathways_of_one_owner_have_organisations_of_their_own() -> None:
    accounts = settled("multi_cloud_firm", 400).accounts
    pathways = [
        len(np.unique(accounts["pathway"][accounts["owner"] == owner])) for owner in np.unique(accounts["owner"])
    ]
    assert max(pathways) == 3
    contract = {(owner, way, org) for owner, way, org in zip(
        *(accounts[trait].tolist() for trait in ("owner", "pathway", "organization")), strict=True)}  # fmt: skip
    assert len(contract) == len({(owner, way) for owner, way, _ in contract}) == len({org for *_, org in contract})


def test_hidden_end_users_speak_several_languages() -> None:
    accounts = settled("undeclared_reseller", 600).accounts
    assert accounts["hidden_users"].all() and accounts["polyglot"].all()
    assert accounts["end_users"].min() >= 3 and 15 < np.median(accounts["end_users"]) < 45
    assert np.unique(accounts["operator"], return_counts=True)[1].max() == 2


def test_framework_users_share_a_scaffold_and_nothing_else() -> None:
    accounts = settled("framework_user", 400).accounts
    assert set(accounts["injected"] // speech.SYSTEM_STEP) == {speech.SCAFFOLD}
    assert len(np.unique(accounts["injected"])) == 4
    assert len(np.unique(accounts["card"][accounts["card"] >= 0])) == (accounts["card"] >= 0).sum()


def test_authorised_uses_are_registered() -> None:
    purposes = {name: plugin.authorisation.purpose for name, plugin in ARCHETYPES.items() if plugin.authorisation}
    assert purposes["red_team"] == "safety_research" and len(purposes) == 3


def test_wordings_of_a_program_are_those_of_its_operator() -> None:
    rows = lived("regression_tester")
    firm, wording = rows["operator"], rows["wording"]
    assert max(len(np.unique(wording[firm == one])) for one in np.unique(firm)) < 40
    used = np.unique(np.stack([firm, wording]), axis=1)[1]
    assert len(np.unique(used)) > 0.9 * len(used), "two operators use the same wording"


def test_teams_present_reasoning_of_their_own_organisation_only() -> None:
    rows = lived("session_resumer")
    hands_back = np.flatnonzero(rows["presented"] >= 0)
    at = dict(zip(rows["code"].tolist(), range(len(rows["code"])), strict=True))
    source = np.array([at[code] for code in rows["presented"][hands_back].tolist()])
    assert (rows["organization"][source] == rows["organization"][hands_back]).all()
    assert 0.02 < (rows["who"][source] != rows["who"][hands_back]).mean() < 0.5


@pytest.mark.parametrize("name", ["accessibility_app", "audio_app", "picture_maker", "localisation_vendor"])
def test_modalities_and_languages_of_special_populations(name: str) -> None:
    rows = lived(name, 60, 1_500)
    table = columns.exchange_table(rows, columns.Writing(1))
    carried = {word for row in table["input_modalities"].to_pylist() for word in row} - {"text"}
    made = {word for row in table["output_modalities"].to_pylist() for word in row}
    wanted = {"accessibility_app": "screen", "audio_app": "audio", "picture_maker": "image"}
    assert name not in wanted or wanted[name] in carried
    assert ("image" in made) == (name == "picture_maker")
    if name == "localisation_vendor":
        assert len(np.unique(rows["language"][rows["who"] == np.bincount(rows["who"]).argmax()])) == 5
