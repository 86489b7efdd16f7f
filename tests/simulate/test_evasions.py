"""Every knob changes what it says and by as much as it is turned, on a small world; at rest it does nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.simulate.drawing import EVASIONS, PLUGINS, WORLDS, Drawn, drawn, named

from hydrometer.base.errors import UsageError
from hydrometer.simulate import clock, columns, identity, networks, population, run, speech
from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Archetype, Builder, Campaign, Cohort, Columns, Placement, World

RESTING = sorted(set(EVASIONS) - {"paraphrase", "template_pool", "sharding"})
"""Knobs whose low end leaves the world as it is."""
SOME, MANY = 0.3, 0.9
NINE_TENTHS = (0.8, 1.0)
"""Range of a share of about 90 accounts that is meant to be 0.9."""


def turned(knob: str, value: float) -> Drawn:
    """The world of the robustness curves, small, with one knob turned."""
    return named("curves", ((knob, value),))


def equal(one: Columns, other: Columns) -> bool:
    """Whether two sets of columns are the same to the last bit."""
    return set(one) == set(other) and all(
        np.array_equal(values, other[name], equal_nan=values.dtype == float) for name, values in one.items()
    )


def same(one: Drawn, other: Drawn) -> bool:
    """Whether two worlds are the same in every code, of which all that is written is a function."""
    return equal(one.rows, other.rows) and equal(one.population.accounts, other.population.accounts)


def changed(knob: str, trait: str, value: float = MANY) -> float:
    """Share of the campaign's accounts whose trait a knob changed."""
    return float((turned(knob, value).traits(trait) != named("curves").traits(trait)).mean())


def alone(values: np.ndarray) -> float:
    """Share of values that no other has."""
    counts = Counter(values.tolist())
    return float(np.mean([counts[value] == 1 for value in values.tolist()]))


def campaign_alone(world: Drawn, column: str) -> float:
    """Share of the campaign's accounts with a value in the accounts table that no other account of the campaign has."""
    ids = columns.account_ids(np.flatnonzero(world.members), world.writing.seed)
    chosen = world.accounts.filter(pc.is_in(world.accounts["account_id"], ids)).column(column).drop_null()
    return alone(np.array(chosen.to_pylist()))


@pytest.mark.parametrize("knob", RESTING)
def test_at_rest_a_knob_changes_nothing(knob: str) -> None:
    assert EVASIONS[knob].low == 0.0
    assert same(turned(knob, EVASIONS[knob].low), named("curves"))


@pytest.mark.parametrize("knob", sorted(EVASIONS))
def test_turned_up_a_knob_changes_the_campaign_and_nobody_else(knob: str) -> None:
    world, base = turned(knob, EVASIONS[knob].high), named("curves")
    assert not same(world, base)
    outside = ~base.members
    for trait, values in base.population.accounts.items():
        if trait not in ("volume", "shard"):
            others = world.population.accounts[trait][: outside.sum()]
            assert np.array_equal(values[outside], others, equal_nan=values.dtype == float), trait


def test_a_knob_at_rest_changes_no_byte(tmp_path: Path) -> None:
    for name, knobs in (("with", dict.fromkeys(RESTING, 0.0)), ("without", {})):
        run.simulate("gateway", tmp_path / name, seed=4, evasions=knobs, jobs=1)
    files = [path.relative_to(tmp_path / "with") for path in (tmp_path / "with").rglob("*") if path.is_file()]
    assert len(files) >= 7
    assert all((tmp_path / "with" / path).read_bytes() == (tmp_path / "without" / path).read_bytes() for path in files)


def test_the_order_of_knobs_does_not_matter() -> None:
    knobs = {name: evasion.steps[2] for name, evasion in EVASIONS.items()}
    backwards = dict(reversed(list(knobs.items())))
    one, other = (drawn(WORLDS["curves"], asked, scale=0.3) for asked in (knobs, backwards))
    assert list(knobs) != list(backwards) and same(one, other)


def test_knobs_are_listed_from_weak_to_strong_within_their_range() -> None:
    for evasion in EVASIONS.values():
        toward = 1.0 if evasion.high > evasion.low else -1.0
        assert (np.diff(evasion.steps) * toward > 0).all(), evasion.name
        assert all(min(evasion.low, evasion.high) <= step <= max(evasion.low, evasion.high) for step in evasion.steps)
        assert evasion.steps[-1] == evasion.high and evasion.unit and evasion.cost and evasion.summary


def test_fresh_infrastructure_gives_accounts_lines_of_their_own() -> None:
    low, high = changed("fresh_infrastructure", "sign_up", SOME), changed("fresh_infrastructure", "sign_up")
    assert 0.15 < low < 0.45 and NINE_TENTHS[0] < high <= NINE_TENTHS[1]
    before, after = named("curves"), turned("fresh_infrastructure", 1.0)
    assert campaign_alone(after, "signup_ip") > campaign_alone(before, "signup_ip") + 0.1
    stacks = [Counter(world.traits("client").tolist()).most_common(1)[0][1] for world in (before, after)]
    assert stacks[1] < 0.6 * stacks[0], "one client build is still the pool's"


def test_fresh_payments_give_accounts_cards_of_their_own() -> None:
    shares = [campaign_alone(turned("fresh_payments", value), "payment_fingerprint") for value in (0.0, 0.5, 1.0)]
    assert shares[0] < 0.5 < shares[2] == 1.0 and shares[0] < shares[1] < shares[2]
    before, after = (turned("fresh_payments", value).traits("card") < 0 for value in (0.0, 1.0))
    assert np.array_equal(before, after), "an account without a card got one"


def test_ageing_moves_creation_days() -> None:
    assert 0.15 < changed("ageing", "created", SOME) < 0.45
    assert NINE_TENTHS[0] < changed("ageing", "created") <= NINE_TENTHS[1]
    crowded = [
        max(Counter((turned("ageing", value).traits("created") // clock.DAY_US).tolist()).values())
        for value in (0.0, 1.0)
    ]
    assert crowded[1] < 0.5 * crowded[0]


@pytest.mark.parametrize("hours", [1.0, 12.0])
def test_jitter_moves_starts_by_up_to_so_many_hours(hours: float) -> None:
    base, moved = named("curves"), turned("jitter", hours)
    for account in np.flatnonzero(base.members)[:40]:
        before, after = (
            np.sort(world.rows["sent"][(world.rows["who"] == account) & (world.rows["turn"] == 1)])
            for world in (base, moved)
        )
        assert len(before) == len(after)
        assert np.abs(after - before).max() <= hours * clock.HOUR_US + clock.HOUR_US
    opens = (base.rows["turn"] == 1) & base.inside, (moved.rows["turn"] == 1) & moved.inside
    shift = np.sort(base.rows["sent"][opens[0]])[::7] - np.sort(moved.rows["sent"][opens[1]])[::7]
    assert np.abs(shift).max() > 0


def test_more_jitter_moves_starts_further() -> None:
    def moved(hours: float) -> float:
        base, world = named("curves"), turned("jitter", hours)
        gaps = []
        for account in np.flatnonzero(base.members):
            starts = [
                np.sort(one.rows["sent"][(one.rows["who"] == account) & (one.rows["turn"] == 1)])
                for one in (base, world)
            ]
            gaps.append(np.abs(starts[1] - starts[0]).mean() / clock.HOUR_US)
        return float(np.mean(gaps))

    assert 0.0 < moved(0.25) < moved(4.0) < moved(24.0)
    assert moved(0.25) < 0.25 and moved(24.0) > 1.5


def test_jitter_piles_nothing_up_at_the_edges_of_the_week() -> None:
    for hours in (4.0, 24.0):
        world = turned("jitter", hours)
        opens = world.inside & (world.rows["turn"] == 1)
        sent, opened, closed = (world.rows[name][opens] for name in ("sent", "opened", "closed"))
        last = np.minimum(closed, clock.END_US - clock.SECOND_US)
        assert np.unique(sent[sent - opened < clock.SECOND_US]).size == (sent - opened < clock.SECOND_US).sum() < 5
        assert (last - sent < clock.SECOND_US).mean() < 0.002
        hour = (sent - clock.START_US) // clock.HOUR_US
        counts = np.bincount(hour, minlength=clock.SPAN_US // clock.HOUR_US)
        assert max(counts[0], counts[-1]) < 3.0 * counts.mean()


@pytest.mark.parametrize("value", [0.5, 0.75, 0.9, 0.99])
def test_mixing_hides_the_harvest_in_every_account(value: float) -> None:
    world = turned("mixing", value)
    share = world.harvested[world.inside].mean()
    assert abs((1.0 - share) - value) < 0.05
    counts = np.bincount(world.rows["who"])[world.members]
    inside = np.bincount(world.rows["who"], weights=world.harvested)[world.members]
    busy = counts >= 20
    assert np.std(inside[busy] / counts[busy]) < 0.2, "some accounts are all harvest, others all cover"
    both = (inside[busy] > 0) & (inside[busy] < counts[busy])
    assert both.mean() > 0.9 - 0.6 * (value > 0.8) - 0.3 * (value > 0.95), "few accounts carry both"
    assert counts.sum() == named("curves").inside.sum(), "accounts keep their volume"


def test_mixed_in_traffic_reacts_to_answers_and_the_harvest_does_not() -> None:
    world = turned("mixing", 0.75)
    rows, later = world.rows, (world.rows["turn"] > 1) & world.inside
    follow = np.isin(rows["kind"], [speech.CODE["follow"], speech.CODE["tool"]])
    assert follow[later & ~world.harvested].all()
    assert not follow[later & world.harvested].any()


def test_sharding_keeps_the_harvest_and_spreads_it_thin() -> None:
    total = named("curves").inside.sum()
    for value in (300.0, 30.0, 4.0):
        world = turned("sharding", value)
        assert world.inside.sum() / world.members.sum() == pytest.approx(value, rel=0.15)
        assert world.inside.sum() == pytest.approx(total, rel=0.2)
    assert turned("sharding", 10_000.0).members.sum() == 12


def test_paraphrase_and_template_pool_set_the_number_of_skeletons() -> None:
    def wordings(world: Drawn) -> int:
        return len(np.unique(world.rows["wording"][world.harvested]))

    free, harvest = named("curves"), int(named("curves").harvested.sum())
    assert wordings(free) == harvest
    assert wordings(turned("paraphrase", 0.0)) == 12
    assert wordings(turned("paraphrase", 0.5)) == pytest.approx(0.5 * harvest, rel=0.1)
    assert wordings(turned("paraphrase", 1.0)) == harvest
    assert [wordings(turned("template_pool", size)) for size in (1.0, 10.0, 100.0)] == [1, 10, 100]
    assert 0.8 * harvest > wordings(turned("template_pool", 3_000.0)) > 0.4 * harvest
    both = named("curves", (("paraphrase", 0.5), ("template_pool", 10.0)))
    assert wordings(both) == pytest.approx(0.5 * harvest, rel=0.1)


def templates(world: Drawn) -> set[int]:
    """Codes of wordings that come more than once."""
    wording, counts = np.unique(world.rows["wording"], return_counts=True)
    return set(wording[counts > 1].tolist())


def test_a_pool_of_templates_is_one_of_its_campaign_seed_and_world_alone() -> None:
    people = (Placement("chat_user", 40),)
    pools = [
        templates(drawn(World(name, "made for a test", people, (Placement(plugin, 20),), 4_000), POOL, seed=seed))
        for name, plugin, seed in (
            ("one", "load_balanced_pool", 3), ("one", "load_balanced_pool", 4), ("two", "load_balanced_pool", 3),
            ("one", "low_and_slow", 3),
        )
    ]  # fmt: skip
    assert all(len(pool) == POOL["template_pool"] for pool in pools)
    assert len(set().union(*pools)) == sum(len(pool) for pool in pools)


POOL = {"template_pool": 10.0}


def test_queues_of_one_campaign_share_its_templates() -> None:
    plan = Plan(exchanges=25.0, techniques={"cot_elicitation": 1.0}, coordination={"dispatch_bursts": 1.0})
    campaign = Campaign("queued", "made for a test", composed(plan), (Builder(("reasoning",)),), "a test")
    place = World("made", "made for a test", (Placement("chat_user", 40),), (Placement("queued", 60),), 4_000)
    asked = population.Asked(place, 3, 1.0, POOL)
    settled = population.settle(asked, {**PLUGINS, "queued": campaign}, EVASIONS)
    rows = population.with_traits(population.draw_shard(settled, 0), settled.accounts)
    queued = Drawn(settled, rows, columns.Writing(3))
    assert len(np.unique(queued.rows["dispatcher"][queued.harvested])) == 3
    assert len(templates(queued)) == POOL["template_pool"]


@pytest.mark.parametrize(
    ("world", "knobs"), [("stolen_keys", {}), ("reseller_builder", {}), ("curves", {"mixing": 0.6})]
)
def test_only_the_harvest_follows_the_templates(world: str, knobs: dict[str, float]) -> None:
    made_so = drawn(WORLDS[world], {**POOL, **knobs}, scale=0.05)
    pooled = np.isin(made_so.rows["wording"], list(templates(made_so))) & made_so.inside
    assert pooled.sum() > 100 and made_so.harvested[pooled].all()
    assert (made_so.inside & ~made_so.harvested).sum() > 100
    replies = np.isin(made_so.rows["kind"], [speech.CODE["follow"], speech.CODE["tool"]])
    assert pooled[made_so.harvested & ~replies].all() and not pooled[replies].any()


def test_operators_of_one_archetype_have_templates_of_their_own() -> None:
    firms = (Placement("judge_researcher", 120), Placement("localisation_vendor", 120))
    world = drawn(World("made", "made for a test", firms, (), 8_000))
    pooled = np.isin(world.rows["wording"], list(templates(world))) & ~world.rows["scripted"].astype(bool)
    pairs = np.unique(np.stack([world.rows[name][pooled] for name in ("wording", "operator")]), axis=1)
    assert len(np.unique(pairs[1])) > 20
    assert pairs.shape[1] == len(np.unique(pairs[0])), "two operators share a template"
    per_operator = np.unique(pairs[1], return_counts=True)[1]
    assert 1 <= np.median(per_operator) <= 6


def test_families_without_a_firm_have_templates_of_their_own() -> None:
    def settle(size: int, draw: np.random.Generator) -> Cohort:
        cohort = PLUGINS["household"].settle(size, draw)
        cohort.accounts.update(wordings=np.full(size, 3), paraphrase=np.zeros(size))
        return cohort

    asked = population.Asked(World("made", "made for a test", (Placement("noted", 90),), (), 2_000), 3, 1.0, {})
    settled = population.settle(asked, {"noted": Archetype("noted", "made for a test", settle)}, EVASIONS)
    rows = population.with_traits(population.draw_shard(settled, 0), settled.accounts)
    asking = ~np.isin(rows["kind"], [speech.CODE["follow"], speech.CODE["tool"]])
    pairs = np.unique(np.stack([rows["wording"][asking], rows["operator"][asking]]), axis=1)
    assert len(np.unique(pairs[1])) == 30 and 60 < pairs.shape[1] <= 90
    assert len(np.unique(pairs[0])) == pairs.shape[1], "two families share a template"


def test_templates_show_in_the_written_words() -> None:
    def openings(world: Drawn) -> int:
        return len({prompt.split()[0] for prompt in world.prompts(world.harvested) if prompt.isascii()})

    assert openings(turned("template_pool", 1.0)) == 1 < openings(turned("template_pool", 3.0)) <= 3
    assert openings(named("curves")) > 10
    one = turned("template_pool", 1.0)
    assert len(set(one.prompts(one.harvested))) > 0.9 * one.harvested.sum(), "one template still asks many things"


def test_decoys_repeat_items_across_accounts() -> None:
    def repeated(value: float) -> tuple[float, int]:
        world = turned("decoys", value)
        item, who = world.rows["item"][world.harvested], world.rows["who"][world.harvested]
        _, where, counts = np.unique(item, return_inverse=True, return_counts=True)
        accounts = np.array([len(set(who[where == k].tolist())) for k in np.flatnonzero(counts > 1)])
        return 1.0 - len(counts) / len(item), int((accounts > 1).sum())

    assert repeated(0.0) == (0.0, 0)
    (few, some), (many, more) = repeated(0.2), repeated(0.8)
    assert 0.1 < few < 0.2 < many < 0.8 and some > 0 and some < more * 2


def test_fake_follow_ups_ask_on_whatever_was_answered() -> None:
    def later(world: Drawn) -> np.ndarray:
        return np.asarray((world.rows["turn"] > 1) & world.harvested)

    base, world = named("curves"), turned("fake_follow_ups", 1.0)
    assert later(world).mean() > 2 * later(base).mean()
    assert (world.rows["kind"][later(world)] == speech.CODE["follow"]).all()
    rows, size = world.rows, len(world.rows["sent"])
    order = np.lexsort((rows["turn"], rows["conversation"]))
    before = np.empty(size)
    before[order[1:]] = np.log(rows["output"][order[:-1]] + 1.0)

    def dependence(chosen: np.ndarray) -> float:
        return float(np.corrcoef(before[chosen], rows["extra"][chosen])[0, 1])

    people = (rows["turn"] > 1) & ~world.inside & rows["reacts"]
    assert dependence(people) > 0.2 and abs(dependence(later(world))) < 0.1


def test_human_day_brings_nights() -> None:
    def nightly(value: float) -> float:
        world = turned("human_day", value)
        offset = networks.OFFSETS_H[world.rows["country"][world.inside]]
        local = (world.rows["sent"][world.inside] // clock.HOUR_US + offset) % 24
        return float(np.isin(local, [1, 2, 3, 4, 5]).mean())

    assert nightly(0.0) > 0.17 > nightly(0.5) > nightly(1.0) and nightly(1.0) < 0.08


def test_editor_mimicry_claims_a_client_that_its_handshake_belies() -> None:
    def contradicting(value: float) -> tuple[float, float]:
        world = turned("editor_mimicry", value)
        agents = np.array(world.exchanges["user_agent"].to_pylist())
        real = np.array(identity.user_agents(world.rows["client"]).to_pylist())
        posing = (agents != real)[world.inside]
        tools = (world.rows["tools"][world.inside] == 0).mean()
        return float(np.mean(posing)), float(tools)

    at_rest, half, full = contradicting(0.0), contradicting(0.5), contradicting(1.0)
    assert at_rest[1] < 0.1 and full[1] == 1.0 and 0.3 < half[1] < 0.7
    assert at_rest[0] < 0.05 < half[0] < full[0] and full[0] > 0.9


def test_region_spoof_puts_everything_in_one_supported_country() -> None:
    world = turned("region_spoof", 1.0)
    claimed = {"US", "GB", "DE", "CA", "AU", "NL"}
    ids = columns.account_ids(np.flatnonzero(world.members), world.writing.seed)
    accounts = world.accounts.filter(pc.is_in(world.accounts["account_id"], ids))
    for column in ("signup_country", "billing_country", "phone_country"):
        assert set(accounts[column].drop_null().to_pylist()) <= claimed, column
    countries = set(world.exchanges["country"].filter(pa.array(world.inside)).to_pylist())
    assert countries <= claimed and len(countries) > 3
    before = set(named("curves").exchanges["country"].filter(pa.array(named("curves").inside)).to_pylist())
    assert len(before - claimed) > 3
    assert np.array_equal(world.traits("language"), named("curves").traits("language"))


def test_pathway_slicing_spreads_the_pool() -> None:
    def elsewhere(value: float) -> float:
        pathway = turned("pathway_slicing", value).traits("pathway")
        return float(np.isin(pathway, [identity.AGGREGATOR, identity.CLASS]).mean())

    assert elsewhere(0.0) == 0.0 < elsewhere(0.5) < elsewhere(1.0) and 0.25 < elsewhere(1.0) < 0.55
    world = turned("pathway_slicing", 1.0)
    clouds = np.isin(world.traits("pathway"), [identity.CLOUD, identity.AGGREGATOR])
    assert (world.traits("card")[clouds] < 0).all() and (world.traits("card")[~clouds] >= 0).any()


@pytest.mark.parametrize("value", [0.3, 1.0])
def test_ban_response_replaces_banned_accounts_within_the_hour(value: float, tmp_path: Path) -> None:
    run.simulate("curves", tmp_path / "w", seed=3, scale=0.3, evasions={"ban_response": value}, jobs=1)
    connection = duckdb.connect()
    for name, path in (("x", "traffic/exchanges"), ("a", "traffic/accounts"), ("e", "traffic/enforcement")):
        connection.execute(f"create view {name} as select * from '{tmp_path}/w/{path}.parquet'")
    connection.execute(f"create view t as select * from '{tmp_path}/w/truth/accounts.parquet'")
    pool = "(select account_id from t where role = 'operator')"
    ((banned, agreed),) = connection.execute(
        f"""select count(*), bool_and(a.closed_at = e.acted_at and a.close_reason = 'banned' and e.action = 'ban')
            from e join a using (account_id) where account_id in {pool}"""
    ).fetchall()
    size = named("curves").members.sum()
    assert agreed and banned == int(size * value / 2)
    late = connection.execute("select count(*) from x join a using (account_id) where sent_at > closed_at").fetchall()
    assert late == [(0,)]
    world = turned("ban_response", value)
    opened, acted = world.traits("opened"), world.traits("closed")[world.traits("close_reason") >= 0]
    heirs = opened[world.population.settled[-1].cohort.accounts["heir"] > 0]
    assert len(heirs) == len(acted)
    since = [float((heirs[heirs > moment] - moment).min(initial=clock.SPAN_US)) for moment in acted]
    assert max(since) <= clock.HOUR_US


def test_a_banned_account_is_banned_once_and_its_heir_goes_on_alone() -> None:
    for name in ("zhipu_cleaner", "moonshot_replay", "fuzzing", "qwen_summer", "replaced", "curves"):
        world = drawn(WORLDS[name], {"ban_response": 1.0}, scale=run.SMALLEST_SCALE + 0.03 * (name == "fuzzing"))
        accounts, rows = world.population.accounts, world.rows
        assert (accounts["opened"] < accounts["closed"]).all(), name
        assert ((rows["sent"] >= rows["opened"]) & (rows["sent"] <= rows["closed"])).all(), name
        assert (rows["sent"] >= rows["created"]).all(), name


@pytest.mark.parametrize(
    ("world", "knobs", "words"),
    [
        ("curves", {"invisibility": 1.0}, "invisibility"),
        ("curves", {"mixing": 1.0}, "0 to 0.99"),
        ("curves", {"mixing": -0.1}, "0 to 0.99"),
        ("curves", {"sharding": 3.0}, "4 to 10000"),
        ("curves", {"jitter": float("nan")}, "0 to 24"),
        ("null", {"mixing": 0.5}, "a world with a campaign"),
    ],
)
def test_wrong_knobs_are_one_clear_error(tmp_path: Path, world: str, knobs: dict[str, float], words: str) -> None:
    with pytest.raises(UsageError, match=words) as raised:
        run.simulate(world, tmp_path / "w", evasions=knobs)
    assert raised.value.args and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["fuzzing_cell", "reseller_builder", "stolen_key_ring", "proxy_network_feb"])
def test_every_knob_leaves_a_world_that_can_be_drawn_at_both_ends(name: str) -> None:
    people = (Placement("chat_user", 30), Placement("editor_user", 10))
    place = World("made", "made for a test", people, (Placement(name, 40),), 5_000)
    for evasion in EVASIONS.values():
        for value in (evasion.low, evasion.high):
            if evasion.name != "sharding" or value == evasion.low:
                world = drawn(place, {evasion.name: value})
                assert world.inside.any(), (name, evasion.name)
