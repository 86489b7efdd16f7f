"""Every way to hang accounts together changes what it says, beside the same campaign without it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pyarrow.compute as pc
import pytest
from tests.simulate.drawing import CAMPAIGNS, Drawn
from tests.simulate.test_campaigns import plan
from tests.simulate.test_techniques import made

from hydrometer.base.draws import generator
from hydrometer.simulate import clock, columns, coordination, identity, networks, speech
from hydrometer.simulate.coordination import COORDINATIONS
from hydrometer.simulate.world import OPERATOR, VICTIM

ACCOUNTS = 160
STRONG = 0.9
TECHNIQUE = {"technique_fuzzing": 0.3, "cot_elicitation": 0.7}


@lru_cache
def hung(name: str, strength: float = STRONG) -> Drawn:
    """A campaign whose accounts hang together in one way."""
    return made(TECHNIQUE, {name: strength} if name else {}, ACCOUNTS)


def shared(values: np.ndarray) -> float:
    """Share of accounts that have their value in common with another."""
    values = values[values >= 0]
    counts = Counter(values.tolist())
    return float(np.mean([counts[value] > 1 for value in values.tolist()]))


def most_common(values: np.ndarray) -> float:
    """Share of the most frequent value."""
    values = values[~np.isnan(values)]
    return float(Counter(values.tolist()).most_common(1)[0][1] / max(len(values), 1))


def trait_shared(trait: str) -> Callable[[Drawn], float]:
    """How far a trait is shared among the campaign's accounts."""
    return lambda world: shared(world.traits(trait))


def same_trait(trait: str) -> Callable[[Drawn], float]:
    """How many accounts have the commonest value of a trait."""
    return lambda world: most_common(world.traits(trait).astype(float))


def same_moments(world: Drawn) -> float:
    """Share of the campaign's conversations that begin in the same minute as at least three others."""
    opens = world.inside & (world.rows["turn"] == 1)
    minute = (world.rows["sent"][opens] - clock.START_US) // (60 * clock.SECOND_US)
    return float((np.bincount(minute)[minute] > 3).mean())


def sign_up_days(world: Drawn) -> float:
    """Share of the accounts made on the eight busiest days."""
    counts = Counter((world.traits("created") // clock.DAY_US).tolist()).most_common(8)
    return sum(count for _, count in counts) / len(world.traits("created"))


def even_loads(world: Drawn) -> float:
    """Minus the spread of the logarithm of volumes."""
    return float(-np.std(np.log(world.traits("volume"))))


def neighbours(world: Drawn) -> float:
    """Share of accounts in a /24 that another account of the campaign has, too."""
    return shared(world.traits("address") >> 8)


def rented(world: Drawn) -> float:
    """Share of the campaign's exchanges that leave from a hoster's machines."""
    return float(np.mean((world.traits("address") >> 24) == 198))


def bans(world: Drawn) -> float:
    """Share of the accounts that are banned."""
    return float((world.traits("close_reason") == identity.BANNED).mean())


def carried_over(world: Drawn) -> float:
    """Share of the harvested conversations of several turns that more than one account has part in."""
    talk, who = world.rows["conversation"][world.harvested], world.rows["who"][world.harvested]
    turns = np.unique(talk, return_counts=True)[1]
    accounts = np.unique(np.unique(np.stack([talk, who]), axis=1)[0], return_counts=True)[1]
    return float((accounts > 1)[turns > 1].mean())


def disposable(world: Drawn) -> float:
    """Share of the accounts with a throw-away address."""
    return float(np.isin(world.traits("mail_domain"), identity.DISPOSABLE).mean())


def in_programmes(world: Drawn) -> float:
    """Share of the accounts in a programme."""
    return float((world.traits("programme") >= 0).mean())


def pathways(world: Drawn) -> float:
    """Over how many pathways the accounts are spread: the exponential of the entropy of their shares."""
    shares = np.bincount(world.traits("pathway"), minlength=7) / ACCOUNTS
    return float(np.exp(-np.sum(shares[shares > 0] * np.log(shares[shares > 0]))))


def two_places(world: Drawn) -> float:
    """Share of the accounts that are abused from elsewhere."""
    return float((world.traits("role") == VICTIM).mean())


def at_night(world: Drawn) -> float:
    """Share of the campaign's exchanges between one and five o'clock."""
    offset = networks.OFFSETS_H[world.rows["country"][world.inside]]
    local = (world.rows["sent"][world.inside] // clock.HOUR_US + offset) % 24
    return float(np.isin(local, [1, 2, 3, 4]).mean())


def early_fuzz(world: Drawn) -> float:
    """Share of the fuzzing that falls in the first two days, if nothing else does."""
    kinds = np.array([kind == speech.KINDS.index("fuzz") for kind in world.rows["kind"].tolist()])
    early = world.rows["sent"] <= clock.START_US + 2 * clock.DAY_US
    fuzz = kinds & world.inside
    return float(early[fuzz].mean() - (early & world.harvested & ~fuzz).sum() / world.harvested.sum())


def new_model(world: Drawn) -> float:
    """Share of the campaign's exchanges after the release day that go to the new model."""
    late = world.inside & (world.rows["sent"] > clock.RELEASE_US + clock.DAY_US)
    return float((world.rows["model"][late] == identity.NEW).mean())


def left_the_strict(world: Drawn) -> float:
    """How much less of the campaign's traffic the strictest model has after its third day than before."""
    early = world.rows["sent"] < clock.START_US + 2 * clock.DAY_US
    late = world.rows["sent"] > clock.START_US + 3 * clock.DAY_US
    strict = world.rows["model"] == identity.DEEP
    return float(strict[world.inside & early].mean() - strict[world.inside & late].mean())


STATISTICS: dict[str, tuple[Callable[[Drawn], float], float, float]] = {
    "fuzz_then_scale": (early_fuzz, 0.5, 0.9),
    "dispatch_bursts": (same_moments, 0.1, 0.6),
    "one_configuration": (same_trait("max_tokens"), 0.5, 0.85),
    "shared_cards": (trait_shared("card"), 0.05, 0.7),
    "sign_up_batches": (sign_up_days, 0.4, 0.8),
    "rented_proxies": (neighbours, 0.45, 0.8),
    "one_fleet": (rented, 0.3, 0.8),
    "one_client": (same_trait("client"), 0.5, 0.85),
    "load_balancing": (even_loads, -0.8, -0.45),
    "quota_handoff": (carried_over, 0.001, 0.3),
    "ban_replacement": (bans, 0.001, 0.4),
    "pool_shift": (bans, 0.001, 0.4),
    "sparse_links": (trait_shared("card"), 0.05, 0.8),
    "manufactured_identities": (disposable, 0.3, 0.8),
    "programme_abuse": (in_programmes, 0.001, 0.8),
    "several_pathways": (pathways, 2.5, 4.0),
    "stolen_keys": (two_places, 0.001, 0.8),
    "round_the_clock": (at_night, 0.14, 0.145),
    "release_pivot": (new_model, 0.4, 0.41),
    "safeguard_arbitrage": (left_the_strict, 0.2, 0.5),
}
"""A number that each coordination moves; at most so much without it, at least so much with it."""


@pytest.mark.parametrize("name", COORDINATIONS)
def test_a_coordination_changes_what_it_says(name: str) -> None:
    statistic, most_without, least_with = STATISTICS[name]
    without, half, strong = (statistic(world) for world in (hung(""), hung(name, 0.45), hung(name, STRONG)))
    assert without <= most_without and strong >= least_with, (without, strong)
    if name != "fuzz_then_scale":
        assert without < half < strong


@pytest.mark.parametrize("name", sorted(set(COORDINATIONS) - {"fuzz_then_scale"}))
def test_at_strength_nought_nothing_hangs_together(name: str) -> None:
    plain, world = hung(""), hung(name, 0.0)
    assert STATISTICS[name][0](world) == pytest.approx(STATISTICS[name][0](plain), abs=0.12)


def test_fuzzers_try_early_and_the_others_begin_when_the_winners_are_known() -> None:
    world = hung("fuzz_then_scale", 0.2)
    fuzz = world.inside & (world.rows["kind"] == speech.KINDS.index("fuzz"))
    second_day = clock.START_US + 2 * clock.DAY_US
    assert fuzz.any() and (world.rows["sent"][fuzz] <= second_day).all()
    tries = np.unique(world.rows["who"][fuzz])
    others = world.inside & ~np.isin(world.rows["who"], tries)
    assert (world.rows["sent"][others] >= second_day).all()
    assert 0.1 < len(tries) / ACCOUNTS < 0.3


def test_fuzzers_alone_keep_something_to_ask() -> None:
    world = made({"technique_fuzzing": 1.0}, {"fuzz_then_scale": 0.3}, 60)
    assert world.harvested.any()
    assert all(np.isfinite(one.cohort.weights).all() for one in world.population.settled)


def test_queues_wake_their_accounts_in_the_same_minutes() -> None:
    world = hung("dispatch_bursts", 1.0)
    opens = world.inside & (world.rows["turn"] == 1)
    for queue in np.unique(world.rows["dispatcher"][opens]):
        here = opens & (world.rows["dispatcher"] == queue)
        slots = np.unique(world.rows["sent"][here] // (45 * clock.SECOND_US))
        assert len(slots) <= 2 * 160 < here.sum()


def test_cards_pay_for_eight_accounts_on_average() -> None:
    cards = Counter(hung("shared_cards", 1.0).traits("card").tolist())
    assert 6 < np.mean(list(cards.values())) < 10


def test_sparse_links_tie_no_more_than_three_and_never_the_same() -> None:
    world = hung("sparse_links", 1.0)
    pairs = []
    for trait in ("card", "address", "sign_up"):
        counts = Counter(world.traits(trait).tolist())
        assert max(counts.values()) <= 3 + (trait != "card"), trait
        _, where = np.unique(world.traits(trait), return_inverse=True)
        pairs.append(
            {
                (a, b)
                for group in range(where.max() + 1)
                for a in np.flatnonzero(where == group)
                for b in np.flatnonzero(where == group)
                if a < b
            }
        )
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert len(pairs[one] & pairs[other]) <= 0.35 * len(pairs[one]), (
            "small countries have few circles to choose from"
        )


def test_sparse_links_hold_a_large_pool_together() -> None:
    cohort = CAMPAIGNS["hydra_network"].settle(20_000, generator(1, "test", b"hydra"))
    parent = np.arange(cohort.size)

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = int(parent[one])
        return one

    for trait in ("card", "address", "sign_up"):
        order = np.argsort(cohort.accounts[trait], kind="stable")
        values = cohort.accounts[trait][order]
        for k in np.flatnonzero((values[1:] == values[:-1]) & (values[1:] >= 0)):
            parent[root(int(order[k]))] = root(int(order[k + 1]))
    largest = Counter(root(k) for k in range(cohort.size)).most_common(1)[0][1]
    assert largest > 0.9 * cohort.size


def test_a_dispatcher_deals_in_turn() -> None:
    world = hung("load_balancing", 1.0)
    assert len(np.unique(world.traits("volume"))) == 1
    deviations = []
    for account in np.flatnonzero(world.members)[:40]:
        opens = (world.rows["who"] == account) & (world.rows["turn"] == 1)
        sent = np.sort(world.rows["sent"][opens])
        if len(sent) > 6:
            gaps = np.diff(sent)
            deviations.append(gaps.std() / gaps.mean())
    assert np.median(deviations) < 0.3


def test_a_used_up_account_hands_over_to_the_next() -> None:
    world = hung("quota_handoff", 1.0)
    rows = world.rows
    opened = np.unique((world.traits("opened") - clock.START_US) // (clock.SPAN_US // 4))
    assert opened.tolist() == [0, 1, 2, 3]
    assert ((rows["sent"] >= rows["opened"]) & (rows["sent"] <= rows["closed"])).all()


def test_a_sweep_bans_half_within_an_hour_and_heirs_open_within_hours() -> None:
    world = hung("pool_shift", 1.0)
    banned = world.traits("close_reason") == identity.BANNED
    acted = world.traits("closed")[banned]
    assert banned.mean() == 0.5 and np.ptp(acted) <= clock.HOUR_US
    heirs = world.traits("opened")[~banned]
    assert (heirs >= acted.min()).all() and (heirs <= acted.min() + 9 * clock.HOUR_US).all()
    assert ((world.traits("created")[~banned] > clock.START_US).mean()) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 41])
def test_pools_of_every_size_shift(size: int) -> None:
    for name in ("pool_shift", "ban_replacement", "quota_handoff"):
        world = made(TECHNIQUE, {name: 1.0}, max(size, 1))
        assert (world.traits("opened") < world.traits("closed")).all()
        assert bans(world) == (
            0.0 if name == "quota_handoff" else (len(world.traits("card")) // 2) / len(world.traits("card"))
        )


def test_bans_that_follow_each_other_hit_nobody_twice() -> None:
    everything = dict.fromkeys(COORDINATIONS, 0.6)
    world = made(TECHNIQUE, everything, 200)
    rows = world.rows
    assert (world.traits("opened") < world.traits("closed")).all()
    assert (
        (rows["sent"] >= rows["opened"]) & (rows["sent"] <= rows["closed"]) & (rows["sent"] >= rows["created"])
    ).all()
    banned = world.traits("close_reason") == identity.BANNED
    assert 0.2 < banned.mean() < 0.5 and (world.traits("role")[banned] == OPERATOR).all()


def test_sign_up_days_come_from_the_seed() -> None:
    made_at = [coordination.made_in_batches(500, 4, 0.9, generator(seed, "test", b"days")) for seed in (1, 2)]
    days = [set((values // clock.DAY_US).tolist()) for values in made_at]
    assert all(4 <= len(each) <= 8 for each in days) and days[0] != days[1]
    ages = (clock.START_US - np.concatenate(made_at)) / clock.DAY_US
    assert ages.min() >= 5.0 and ages.max() <= 161.0


def test_sign_up_weekdays_of_the_pools_differ_between_seeds() -> None:
    weekdays = set()
    for name in ("load_balanced_pool", "low_and_slow", "qwen_spring"):
        for seed in range(3):
            created = CAMPAIGNS[name].settle(300, generator(seed, "test", b"pool")).accounts["created"]
            counts = np.bincount(created // clock.DAY_US % 7, minlength=7)
            weekdays.add((name, tuple(np.argsort(-counts)[:2].tolist())))
    assert len(weekdays) > 6


def test_geography_of_proxies_is_that_of_the_account() -> None:
    world = hung("rented_proxies", 1.0)
    country = networks.places(world.traits("address"), world.traits("country"))
    ids = columns.account_ids(np.flatnonzero(world.members), world.writing.seed)
    chosen = world.accounts.filter(pc.is_in(world.accounts["account_id"], ids))
    assert len(chosen) == ACCOUNTS
    assert len(np.unique(country)) > 5
    assert np.isin(world.traits("address") >> 24, [10]).all(), "a rented residential line is a fixed line"


def test_strengths_of_presets_are_shares() -> None:
    for name in CAMPAIGNS:
        composition = plan(name)
        if composition is not None:
            assert set(composition.coordination) <= set(COORDINATIONS)
            assert all(0.0 < share <= 1.0 for share in composition.coordination.values()), name
