"""Presets have the shape of their disclosure; the truth of every world agrees with itself and with nothing else."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pyarrow as pa
import pytest
from tests.simulate.drawing import CAMPAIGNS, PLUGINS, WORLDS, Drawn, drawn, settled, small

from hydrometer.base.contract_sums import CAPABILITIES
from hydrometer.base.tables import INPUTS, TRUTH
from hydrometer.simulate import clock, columns, speech, truth
from hydrometer.simulate.composition import Plan
from hydrometer.simulate.techniques import TECHNIQUES
from hydrometer.simulate.world import CUSTOMER, OPERATOR, ROLES, VICTIM, Placement, World

WEEK = 7
DISCLOSED = {
    "anthropic: DeepSeek": ("deepseek_feb", 150_000 / 900 / 8),
    "anthropic: Moonshot": ("moonshot_feb", 3_400_000 / 600 / 8),
    "anthropic: MiniMax": ("minimax_feb", 13_000_000 / 2_400 / 8),
    "proxy network": ("proxy_network_feb", 60.0),
    "45 days": ("qwen_spring", 28_800_000 / 24_975 * WEEK / 45),
    "3 million a day": ("qwen_summer", 3_000_000 * WEEK / 10_000),
    "14 days": ("deepseek_relay", 12_100_000 / 6_000 * WEEK / 14),
    "May to July": ("moonshot_replay", 23_000_000 / 5_380 * WEEK / 91),
    "20 days": ("xiaomi_replay", 400_000 / 1_500 * WEEK / 20),
    "10 days": ("zhipu_cleaner", 770_609 / 273 * WEEK / 10),
    "16,000 requests": ("openai_low_slow", 16_000 / 4_000),
    "one relay": ("relay_pool_6", 53_655 / 6),
}
"""What a disclosure says, in short → preset, exchanges of an account in a week."""
PLACED = {"qwen_spring": 24_975, "moonshot_replay": 5_380, "xiaomi_replay": 1_500, "zhipu_cleaner": 273,
          "openai_low_slow": 4_000, "relay_pool_6": 6, "qwen_summer": 10_000}  # fmt: skip
"""Presets whose accounts are disclosed; the world of that name has them all at scale 1."""
POOLS = {"deepseek_feb", "moonshot_feb", "minimax_feb", "proxy_network_feb"}
TABLES = ("accounts", "campaigns", "memberships")


def plan(campaign: str) -> Plan | None:
    """The plan of a composed campaign."""
    found = getattr(import_module(f"hydrometer.simulate.campaigns.{campaign}"), "_PLAN", None)
    assert found is None or isinstance(found, Plan)
    return found


def alone(campaign: str, accounts: int, seed: int = 3) -> Drawn:
    """A campaign among a few ordinary people."""
    people = (Placement("chat_user", 60), Placement("app_user", 60))
    return drawn(World("made", "made for a test", people, (Placement(campaign, accounts),), 200), seed=seed)


def truth_of(world: Drawn) -> dict[str, pa.Table]:
    """The tables of the truth, as they are written."""
    harvested = truth.harvest(world.rows, len(world.population.accounts["who"]))
    made = (truth._accounts, truth._campaigns, truth._memberships)
    tables = {name: make(world.population, harvested, world.writing) for name, make in zip(TABLES, made, strict=True)}
    return {**tables, "exchanges": truth.exchange_table(world.rows, world.writing.seed)}


@pytest.mark.parametrize("said", DISCLOSED)
def test_accounts_send_as_much_as_disclosed(said: str) -> None:
    preset, mean = DISCLOSED[said]
    volumes = np.concatenate([settled(preset, 1_500, seed).accounts["volume"] for seed in range(3)])
    assert volumes.mean() == pytest.approx(mean, rel=0.1)


@pytest.mark.parametrize("preset", PLACED)
def test_worlds_at_full_size_have_as_many_accounts_as_disclosed(preset: str) -> None:
    assert [place.accounts for place in WORLDS[preset].campaigns] == [PLACED[preset]]


def test_the_case_of_february_is_the_size_that_was_disclosed() -> None:
    world = WORLDS["anthropic_feb"]
    assert world.exchanges == 16_000_000
    assert {place.plugin for place in world.campaigns} == POOLS
    assert sum(place.accounts for place in world.campaigns) == 24_000
    assert sum(place.accounts for place in (*world.benign, *world.campaigns)) > 75_000


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_a_preset_names_its_source_and_goes_after_what_it_asks_for(name: str) -> None:
    campaign = CAMPAIGNS[name]
    assert campaign.source.startswith("mission table") and campaign.summary
    composed = plan(name)
    if composed is not None:
        assert len(campaign.builders) == 1 + len(composed.others)
    for builder in campaign.builders:
        assert builder.capabilities and set(builder.capabilities) <= CAPABILITIES, builder.capabilities
        assert builder.kind in ("distillation", "resale", "pool", "stolen_keys")
        assert builder.actor is None or builder.actor == "unattributed" or builder.actor.startswith("alleged: ")


SHOWN = {
    "agentic_reasoning": {"agent_harvest", "session_replay", "screen_harvest", "data_harvest", "relay"},
    "coding": {"code_harvest", "agent_harvest", "session_replay", "code_write", "kernel_harvest", "relay"},
    "vision": {"vision_harvest"}, "computer_use": {"screen_harvest"}, "image_generation": {"picture_harvest"},
    "kernel_development": {"kernel_harvest"}, "cyber": {"cyber_harvest"}, "data_analysis": {"data_harvest"},
    "grading": {"judge", "pairwise", "judge_foreign"}, "rewriting": {"sanitise", "trace_clean"},
}  # fmt: skip
"""Capabilities that can be told from the kinds of prompt, and the kinds."""


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_every_builder_asks_for_its_capabilities_and_no_kind_is_shared(name: str) -> None:
    campaign, cohort = CAMPAIGNS[name], settled(name, 60)
    numbers = dict(cohort.builder)
    kinds = [{kind for kind in cohort.harvest if numbers.get(kind, 0) == k} for k in range(len(campaign.builders))]
    for builder, asked in zip(campaign.builders, kinds, strict=True):
        assert asked
        for capability in set(builder.capabilities) & set(SHOWN):
            assert asked & SHOWN[capability], (builder.capabilities, asked)
    composed = plan(name)
    if composed is not None:
        asked_for = (composed.techniques, *composed.others)
        plans = [{kind for one in each for kind in TECHNIQUES[one].kinds} for each in asked_for]
        assert sum(len(each) for each in plans) == len(set().union(*plans)), "a kind belongs to two builders"
        assert plans == kinds


@pytest.mark.parametrize("size", [6, 13, 97])
@pytest.mark.parametrize("name", CAMPAIGNS)
def test_settles_complete_at_every_size(name: str, size: int) -> None:
    cohort = settled(name, size)
    assert cohort.size == size
    assert all(len(values) == size for values in cohort.accounts.values())
    assert np.isfinite(cohort.weights).all() and (cohort.weights >= 0).all()
    assert (cohort.weights.sum(axis=1) > 0).all()
    assert (cohort.accounts["opened"] < cohort.accounts["closed"]).all()
    assert (cohort.accounts["volume"] >= 1).all()
    assert set(cohort.kinds) <= set(speech.KINDS) and cohort.harvest <= set(cohort.kinds)
    assert cohort.worklists <= cohort.harvest


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_roles_are_those_of_the_preset(name: str) -> None:
    cohort, composed = settled(name, 900), plan(name)
    role = cohort.accounts.get("role", np.full(900, OPERATOR))
    role = np.where(role < 0, OPERATOR, role)
    customers = composed.customers if composed else 0.0
    stolen = composed.coordination.get("stolen_keys", 0.0) if composed else 0.0
    assert (role == CUSTOMER).mean() == pytest.approx(customers, abs=0.05)
    assert (role == VICTIM).mean() == pytest.approx(stolen, abs=0.05)
    inside = np.isin(cohort.kinds, sorted(cohort.harvest))
    harvest = cohort.weights[:, inside].sum(axis=1) / cohort.weights.sum(axis=1)
    assert (harvest[role == CUSTOMER] == 0).all() and (harvest[role == OPERATOR] > 0).all()
    banned = cohort.accounts.get("close_reason", np.full(900, -1)) >= 0
    assert not (banned & (role != OPERATOR)).any(), "a ban of the campaign hit someone else"


def test_two_builders_are_two_campaigns_of_one_operator() -> None:
    tables = truth_of(alone("two_builders", 80))
    campaigns = tables["campaigns"].to_pydict()
    assert len(campaigns["campaign_id"]) == 2 and set(campaigns["preset"]) == {"two_builders"}
    assert campaigns["capabilities"][0] != campaigns["capabilities"][1]
    accounts = [row for row in tables["accounts"].to_pylist() if row["role"]]
    assert len({row["operator_id"] for row in accounts}) == 1 and len({row["campaign_id"] for row in accounts}) == 2


def test_proxy_network_has_two_builders_and_some_customers_without_harvest() -> None:
    tables = truth_of(alone("proxy_network_feb", 200))
    rows = tables["memberships"].to_pylist()
    customers = {row["account_id"] for row in rows if row["role"] == "customer"}
    assert 20 <= len(customers) <= 60
    assert all(row["share"] == 0.0 for row in rows if row["account_id"] in customers)
    owners = {row["account_id"]: row["operator_id"] for row in tables["accounts"].to_pylist()}
    network = {owners[row["account_id"]] for row in rows if row["role"] == "operator"}
    assert len(network) == 1 and not network & {owners[account] for account in customers}
    assert len({owners[account] for account in customers}) == len(customers)


@pytest.mark.parametrize("name", ["qwen_summer", "two_builders", "proxy_network_feb"])
def test_accounts_of_several_builders_have_several_memberships(name: str) -> None:
    rows = truth_of(alone(name, 100))["memberships"].to_pylist()
    shares: dict[str, list[float]] = {}
    for row in rows:
        shares.setdefault(row["account_id"], []).append(row["share"])
    assert sum(len(each) > 1 for each in shares.values()) > 30
    assert max(sum(each) for each in shares.values()) <= 1.0 + 1e-12


def test_victims_are_their_own_operators_with_traffic_from_two_places() -> None:
    world = alone("stolen_key_ring", 120)
    tables = truth_of(world)
    rows = tables["accounts"].to_pylist()
    victims = {row["account_id"]: row["operator_id"] for row in rows if row["role"] == "victim"}
    thief = {row["operator_id"] for row in rows if row["role"] == "operator"}
    assert len(thief) == 1 and len(set(victims.values())) == len(victims) > 50 and not thief & set(victims.values())
    victim = world.rows["role"] == VICTIM
    share = world.harvested[victim].mean()
    assert 0.4 < share < 0.7
    stolen, own = victim & world.harvested, victim & ~world.harvested
    assert (world.rows["address"][stolen] == world.rows["far_address"][stolen]).all()
    assert (world.rows["address"][own] != world.rows["far_address"][own]).all()
    assert len(np.unique(world.rows["address"][stolen])) <= 4 < len(np.unique(world.rows["address"][own]))
    assert {row["kind"] for row in tables["campaigns"].to_pylist()} == {"stolen_keys"}
    assert world.rows["reacts"][own].all() or world.rows["cover_reacts"][own].all()


@pytest.mark.parametrize("name", WORLDS)
def test_the_truth_of_every_world_agrees_with_itself(name: str) -> None:
    world = small(name)
    tables = truth_of(world)
    for table, schema in TRUTH.items():
        assert set(tables[table].column_names) == set(schema.names)
    total = np.bincount(world.rows["who"], minlength=len(world.members))
    who = columns.account_ids(np.arange(len(total)), world.writing.seed).to_pylist()
    sent = dict(zip(who, total.tolist(), strict=True))
    stolen = tables["exchanges"].to_pydict()
    author = dict(
        zip(
            columns.exchange_ids(world.rows["code"], world.writing.seed).to_pylist(),
            columns.account_ids(world.rows["who"], world.writing.seed).to_pylist(),
            strict=True,
        )
    )
    counted: dict[tuple[str, str], int] = {}
    for exchange, campaign in zip(stolen["exchange_id"], stolen["campaign_id"], strict=True):
        key = (author[exchange], campaign)
        counted[key] = counted.get(key, 0) + 1
    assert len(author) == len(world.rows["who"]), "an exchange id occurs twice"
    roles = {row["account_id"]: row for row in tables["accounts"].to_pylist()}
    assert set(roles) == set(who) and {row["archetype"] for row in roles.values()} <= set(PLUGINS)
    members = tables["memberships"].to_pylist()
    assert {(row["account_id"], row["campaign_id"]) for row in members} >= set(counted)
    assert len({(row["account_id"], row["campaign_id"]) for row in members}) == len(members)
    for row in members:
        account = row["account_id"]
        assert row["role"] in ROLES and row["role"] == roles[account]["role"]
        count = counted.get((account, row["campaign_id"]), 0)
        assert row["share"] == pytest.approx(count / max(sent[account], 1))
    with_role = {account for account, row in roles.items() if row["role"]}
    assert {row["account_id"] for row in members} == with_role
    assert all((row["role"] is None) == (row["campaign_id"] is None) for row in roles.values())
    campaigns = {row["campaign_id"]: row for row in tables["campaigns"].to_pylist()}
    assert set(campaigns) == set(stolen["campaign_id"])
    placed = [CAMPAIGNS[place.plugin] for place in WORLDS[name].campaigns]
    assert {row["preset"] for row in campaigns.values()} == {plugin.name for plugin in placed}
    assert len(campaigns) == sum(len(plugin.builders) for plugin in placed)


@pytest.mark.parametrize("name", WORLDS)
def test_nothing_happens_outside_an_accounts_life_or_the_week(name: str) -> None:
    rows, accounts = small(name).rows, small(name).population.accounts
    assert ((rows["sent"] >= rows["created"]) & (rows["sent"] >= rows["opened"])).all()
    assert (rows["sent"] <= rows["closed"]).all() and (rows["sent"] < clock.END_US).all()
    assert (accounts["opened"] < accounts["closed"]).all()
    order = np.lexsort((rows["turn"], rows["conversation"]))
    sent, turn, talk = (rows[trait][order] for trait in ("sent", "turn", "conversation"))
    later = talk[1:] == talk[:-1]
    assert (sent[1:][later] >= sent[:-1][later]).all() and (turn[1:][later] == turn[:-1][later] + 1).all()
    assert (turn[1:][~later] == 1).all()


@pytest.mark.parametrize("name", WORLDS)
def test_no_world_names_in_its_traffic_what_an_account_is(name: str) -> None:
    world = small(name)
    hidden = {"archetype", "operator_id", "campaign_id", "role", "share", "preset", "actor", "builder"}
    assert not hidden & {name for table in ("exchanges", "accounts", "enforcement") for name in INPUTS[table].names}
    names = [word for word in PLUGINS if "_" in word]
    for column in ("email_domain", "plan", "programme", "payment_issuer", "verification", "owner", "email_shape"):
        words = {word for word in world.accounts[column].unique().to_pylist() if word}
        assert not [word for word in words if any(plugin in word for plugin in names)], column


def test_a_world_of_every_campaign_has_no_id_in_common_with_the_truth() -> None:
    placements = tuple(Placement(name, 12) for name in sorted(CAMPAIGNS))
    people = (Placement("chat_user", 100), Placement("household", 30))
    world = drawn(World("made", "made for a test", people, placements, 1_000), {"sharding": 30.0})
    tables = truth_of(world)
    secret = {
        value
        for table, column in (("accounts", "operator_id"), ("campaigns", "campaign_id"), ("memberships", "campaign_id"))
        for value in tables[table].column(column).to_pylist()
    }
    for table in (world.exchanges, world.accounts):
        for column in table.column_names:
            if pa.types.is_string(table.schema.field(column).type):
                assert not secret & set(table[column].unique().to_pylist()), column
    presets = {row["preset"] for row in tables["campaigns"].to_pylist()}
    assert presets == set(CAMPAIGNS)
