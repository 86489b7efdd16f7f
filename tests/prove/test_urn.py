"""The urn e-value: worked examples, exact mean 1 by enumeration, a brute-force twin, validity on null worlds, power."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse, stats
from tests.prove.made import Holders, case, incidence, population, renumbered, shared_by

from hydrometer.base.families import FAMILY, SIDES, families_of, other_side
from hydrometer.base.population import Population
from hydrometer.base.workspace import Workspace
from hydrometer.prove.tests import urn_families
from hydrometer.prove.urn import BETS, content_order, group_log_e, not_popular, urn_log_e

SIX_BETS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
EVERYBODY = np.ones(6, np.bool_)
ONE_STRATUM = np.zeros(6, np.int64)
PAIRS: Holders = [[0, 1], [2, 3]]


def twin(
    order: list[int],
    profiles: list[set[int]],
    stratum: list[int],
    eligible: list[bool],
    eta: float,
    bets: tuple[float, ...],
    known: set[int],
) -> float:
    """The cookbook's pseudo-code with sets, one bet at a time; some entities may be seen before the first draw."""
    total = 0.0
    for theta in bets:
        drawn: set[int] = set()
        seen = set(known)
        log = 0.0
        for i in order:
            undrawn = [j for j in range(len(profiles)) if eligible[j] and j not in drawn and stratum[j] == stratum[i]]
            reached = [j for j in undrawn if profiles[j] & seen]
            p = len(reached) / len(undrawn)
            q = p + eta * (1.0 - p)
            if (drawn or known) and q > 0.0:
                log += math.log((q + (1.0 - q) * theta) / q) if i in reached else math.log1p(-theta)
            drawn.add(i)
            seen |= profiles[i]
        total += math.exp(log)
    return math.log(total / len(bets))


@pytest.mark.parametrize(("clumping", "wanted"), [(0.0, 0.955511), (0.05, 0.307485)])
def test_worked_example(clumping: float, wanted: float) -> None:
    value = urn_log_e(np.array([0, 1, 2]), incidence(6, PAIRS), ONE_STRATUM, EVERYBODY, clumping, (0.4,))
    assert round(value, 6) == wanted


def test_worked_example_over_six_bets() -> None:
    value = urn_log_e(np.array([0, 1, 2]), incidence(6, PAIRS), ONE_STRATUM, EVERYBODY, 0.0, SIX_BETS)
    assert round(value, 6) == 0.716212


@pytest.mark.parametrize("bets", [(0.4,), BETS, SIX_BETS])
def test_mean_over_all_ordered_triples_is_one(bets: tuple[float, ...]) -> None:
    held = incidence(6, PAIRS)
    values = [
        math.exp(urn_log_e(np.array(triple), held, ONE_STRATUM, EVERYBODY, 0.0, bets))
        for triple in itertools.permutations(range(6), 3)
    ]
    assert len(values) == 120
    assert abs(math.fsum(values) / 120 - 1.0) < 1e-12
    assert max(values) > 1.5


def test_mean_over_profiles_dealt_within_strata_is_one() -> None:
    profiles = [[0], [0, 1], [1], [0], [2], [2]]
    stratum = np.array([0, 0, 0, 1, 1, 1])
    values = []
    for first in itertools.permutations(range(3)):
        for second in itertools.permutations(range(3, 6)):
            dealt = [profiles[place] for place in (*first, *second)]
            held = incidence(6, [[unit for unit, own in enumerate(dealt) if entity in own] for entity in range(3)])
            values.append(math.exp(urn_log_e(np.array([0, 3, 1, 4]), held, stratum, EVERYBODY, 0.0)))
    assert len(values) == 36
    assert abs(math.fsum(values) / 36 - 1.0) < 1e-12
    assert max(values) > min(values)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_agrees_with_its_brute_force_twin(data: st.DataObject) -> None:
    units = data.draw(st.integers(3, 9))
    profiles = [data.draw(st.sets(st.integers(0, 3))) for _ in range(units)]
    stratum = [data.draw(st.integers(0, 1)) for _ in range(units)]
    eligible = [data.draw(st.integers(0, 4)) > 0 for _ in range(units)]
    able = [unit for unit in range(units) if eligible[unit]]
    order = data.draw(st.permutations(able))[: data.draw(st.integers(0, len(able)))]
    eta = data.draw(st.sampled_from([0.0, 0.05, 0.3]))
    known = data.draw(st.sets(st.integers(0, 3), max_size=2))
    held = incidence(units, [[unit for unit in range(units) if entity in profiles[unit]] for entity in range(4)])
    before = np.isin(np.arange(4), list(known))
    value = urn_log_e(np.array(order, np.int64), held, np.array(stratum), np.array(eligible), eta, known=before)
    assert value == pytest.approx(twin(list(order), profiles, stratum, eligible, eta, BETS, known), abs=1e-9)


def test_a_larger_clumping_rate_never_makes_a_hit_worth_more() -> None:
    held = incidence(6, [[0, 1, 2]])
    values = [
        urn_log_e(np.array([0, 1, 2]), held, ONE_STRATUM, EVERYBODY, eta, (0.4,)) for eta in (0.0, 0.05, 0.2, 0.6)
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] > values[-1]


# --- validity on null worlds -----------------------------------------------------------------------------------------

UNITS, REGIONS = 1_500, 3


def null_world(draw: np.random.Generator) -> tuple[sparse.csr_array, NDArray[np.int64], NDArray[np.bool_], Holders]:
    """A benign population: regions with their carriers, households of 2 to 4, a few heavy users, one in ten unknown."""
    stratum = draw.integers(0, REGIONS, UNITS)
    units = np.arange(UNITS)
    households: Holders = (
        shared_by(2, draw, units[:120]) + shared_by(3, draw, units[120:210]) + shared_by(4, draw, units[210:290])
    )
    holders = list(households)
    for size in np.minimum((3.0 * (1.0 + draw.pareto(1.1, 60))).astype(int), 200):
        home = units[stratum == draw.integers(0, REGIONS)]
        holders.append(draw.choice(home, min(int(size), len(home)), replace=False))
    heavy = draw.choice(units, 15, replace=False)
    holders += [np.append(draw.choice(units, 3, replace=False), unit) for unit in heavy for _ in range(8)]
    eligible = draw.random(UNITS) < 0.9
    held = incidence(UNITS, holders).astype(np.int64)
    held.data[:] = 1
    held = sparse.csr_array(held.multiply(eligible[:, None])).astype(np.bool_)
    return held, stratum, eligible, households


def looked_at(
    draw: np.random.Generator,
) -> tuple[sparse.csr_array, NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], Holders]:
    """A null world without its popular entities, and the names of those that are left."""
    held, stratum, eligible, households = null_world(draw)
    kept = not_popular(held, UNITS)
    return held[:, kept].tocsr(), np.arange(int(kept.sum()), dtype=np.int64) + 1, stratum, eligible, households


def e_values(clumping: float, groups: int, *, households: bool, strata: bool = True) -> NDArray[np.float64]:
    """e-values of groups of 10 to 100 that are no operator; with `households`, 6 % come with their household."""
    values = []
    for world in range(10):
        draw = np.random.default_rng(100 + world)
        held, entities, stratum, eligible, homes = looked_at(draw)
        known = stratum if strata else np.zeros(UNITS, np.int64)
        for _ in range(groups // 10):
            region = draw.integers(0, REGIONS)
            size = int(draw.integers(10, 101))
            pool = np.arange(UNITS) if strata else np.flatnonzero(stratum == region)
            members = draw.choice(pool, size, replace=False)
            if households:
                taken = [homes[place] for place in draw.choice(len(homes), max(1, round(0.03 * size)), replace=False)]
                members = np.concatenate([members, *taken])
            members = np.unique(members).astype(np.int64)
            values.append(
                group_log_e(members, held, entities, known, eligible, clumping=clumping, seed=0, stage=f"null {world}")
            )
    return np.exp(np.array(values))


def wilson_upper(hits: int, trials: int) -> float:
    return float(stats.binomtest(hits, trials).proportion_ci(0.95, "wilson").high)


def test_null_groups_rarely_reach_a_large_e_value() -> None:
    """10,000 groups picked blindly, no clumping allowed for; households, carriers and regions in the world."""
    values = e_values(0.0, 10_000, households=False)
    assert len(values) >= 10_000
    assert wilson_upper(int((values >= 20).sum()), len(values)) <= 0.05
    assert wilson_upper(int((values >= 100).sum()), len(values)) <= 0.01
    error = values.std(ddof=1) / math.sqrt(len(values))
    assert values.mean() <= 1.0 + 3.0 * error
    assert values.max() > 2.0


def test_groups_that_hold_households_keep_the_level_at_the_default_clumping() -> None:
    default = FAMILY["payment"].clumping
    values = e_values(default, 2_000, households=True)
    assert wilson_upper(int((values >= 20).sum()), len(values)) <= 0.05
    assert values.mean() <= 1.0 + 3.0 * values.std(ddof=1) / math.sqrt(len(values))


def test_without_clumping_the_same_households_would_convict() -> None:
    """The test above can fail: at η = 0 households refute the null far more often than one group in twenty."""
    values = e_values(0.0, 300, households=True)
    assert (values >= 20).mean() > 0.05


def test_without_strata_regional_groups_would_convict() -> None:
    values = e_values(0.0, 300, households=False, strata=False)
    assert (values >= 20).mean() > 0.05


def operator_bits(share: float, size: int, draw: np.random.Generator) -> float:
    """log10 e of a group of `size`, a share of it on cards of eight accounts, in a benign world of 1,500."""
    members = np.arange(size)
    sharing = members[: round(share * size)]
    cards = [part for part in np.array_split(sharing, max(1, len(sharing) // 8)) if len(part)]
    holders = cards + shared_by(2, draw, np.arange(size, 1_500)[:90])
    held = incidence(1_500, holders)
    entities = np.arange(1, len(holders) + 1, dtype=np.int64)
    every = np.ones(1_500, np.bool_)
    value = group_log_e(members, held, entities, np.zeros(1_500, np.int64), every, clumping=0.05, seed=0, stage="power")
    return value / math.log(10.0)


def test_power_grows_with_the_share_that_is_shared() -> None:
    """In the order, and about the size, of the cookbook's table for n = 50: 2.0, 10.5, 21.9, 49."""
    draw = np.random.default_rng(13)
    medians = [
        float(np.median([operator_bits(share, 50, draw) for _ in range(5)])) for share in (0.0, 0.3, 0.5, 0.7, 1.0)
    ]
    assert medians == sorted(medians)
    assert medians[0] < 0.0
    assert medians[2] > 7.0
    assert medians[4] > 40.0


# --- content, not names ----------------------------------------------------------------------------------------------


def valued(
    units: int, holders: Holders, stratum: NDArray[np.int64], members: NDArray[np.int64], order: NDArray[np.int64]
) -> float:
    """The group's value in a population whose units have other numbers: unit `order[k]` is called k."""
    found = population(units, {"payment_fingerprint": holders}, regions=stratum)
    other = renumbered(found, order)
    layer = other.layers["payment_fingerprint"]
    called = np.argsort(order)[members]
    return group_log_e(
        np.sort(called), layer.held, layer.entities, other.regions, layer.observed, clumping=0.05, seed=1, stage="urn"
    )


def test_names_do_not_matter_where_profiles_differ() -> None:
    draw = np.random.default_rng(14)
    holders = [draw.choice(60, 5, replace=False) for _ in range(80)]
    stratum, members = draw.integers(0, 3, 60), np.arange(0, 60, 3)
    first = valued(60, holders, stratum, members, np.arange(60))
    for _ in range(5):
        assert valued(60, holders, stratum, members, draw.permutation(60)) == first


def test_names_do_not_matter_where_members_of_several_strata_hold_the_same() -> None:
    """Most members hold nothing that is shared; they are alike, but not their strata."""
    draw = np.random.default_rng(15)
    holders = [[0, 10, 20, 30, 40], [1, 11, 21], [2, 12, 22, 32]]
    stratum, members = draw.integers(0, 3, 90), np.arange(0, 30)
    first = valued(90, holders, stratum, members, np.arange(90))
    for _ in range(5):
        assert valued(90, holders, stratum, members, draw.permutation(90)) == pytest.approx(first, abs=1e-12)


def test_content_order_is_by_profile() -> None:
    held = incidence(4, [[1, 3], [2]])
    entities = np.array([5, 9], np.int64)
    ordered, content = content_order(np.arange(4), held, entities, np.zeros(4, np.int64))
    assert ordered[0] == 0
    assert content_order(np.array([3, 1, 2, 0]), held, entities, np.zeros(4, np.int64))[1] == content


def test_seed_and_stage_change_the_orders() -> None:
    draw = np.random.default_rng(16)
    held = incidence(60, [draw.choice(60, 6, replace=False) for _ in range(30)])
    entities, every = np.arange(1, 31, dtype=np.int64), np.ones(60, np.bool_)

    def value(seed: int, stage: str) -> float:
        members = np.arange(20)
        return group_log_e(
            members, held, entities, np.zeros(60, np.int64), every, clumping=0.05, seed=seed, stage=stage
        )

    assert value(1, "a") == value(1, "a")
    assert len({value(1, "a"), value(2, "a"), value(1, "b")}) == 3


def test_a_missing_value_is_neither_hit_nor_miss() -> None:
    """Members whose family is unknown leave the value as it is, whether or not they are in the group."""
    holders = [[0, 1, 2], [3, 4]]
    held, entities, stratum = incidence(40, holders), np.array([1, 2], np.int64), np.zeros(40, np.int64)
    known = np.ones(40, np.bool_)
    known[20:] = False
    with_unknown = group_log_e(
        np.array([0, 1, 2, 3, 4, 5, 20, 21, 22]), held, entities, stratum, known, clumping=0.05, seed=0, stage="x"
    )
    without = group_log_e(np.arange(6), held, entities, stratum, known, clumping=0.05, seed=0, stage="x")
    assert with_unknown == without


def test_one_member_or_none_says_nothing() -> None:
    held, entities, every = incidence(6, PAIRS), np.array([1, 2], np.int64), np.ones(6, np.bool_)
    for members in (np.zeros(0, np.int64), np.array([3])):
        assert group_log_e(members, held, entities, ONE_STRATUM, every, clumping=0.05, seed=0, stage="x") == 0.0


def test_entities_that_everybody_holds_are_not_looked_at() -> None:
    held = incidence(6_000, [range(500), range(300), range(3)])
    assert not_popular(held, 6_000).tolist() == [False, True, True]
    assert not_popular(held[:1_000], 1_000).tolist() == [False, False, True]


# --- what stands beside the group -------------------------------------------------------------------------------------


def in_two_pieces(paired: int, seed: int) -> tuple[Population, NDArray[np.int64], NDArray[np.int64]]:
    """Two pieces of forty: `paired` of the one hold a card each with one of the other, within a piece nobody does."""
    draw = np.random.default_rng(seed)
    cards = [np.array([unit, 40 + unit]) for unit in range(paired)]
    cards += shared_by(2, draw, np.arange(80, 600)[:60])
    found = population(600, {"payment_fingerprint": cards})
    return found, np.arange(40), np.arange(40, 80)


def test_cards_held_across_two_pieces_are_evidence_where_within_one_there_is_none(workspace: Workspace) -> None:
    found, one, other = in_two_pieces(30, 19)
    alone = case(workspace, one.tolist(), everyone=found)
    together = replace(alone, beside=other)
    assert (urn_families.judge(alone).log_e or 0.0) < 0.0
    answer = urn_families.judge(together)
    assert (answer.log_e or 0.0) > 20.0
    assert answer.evidence[0].value == 0.75
    assert "or with a group of another wording" in answer.evidence[0].statement
    assert "another wording" not in urn_families.judge(alone).evidence[0].statement


def test_two_pieces_that_share_no_card_are_no_evidence_for_each_other(workspace: Workspace) -> None:
    found, one, other = in_two_pieces(0, 20)
    answer = urn_families.judge(replace(case(workspace, one.tolist(), everyone=found), beside=other))
    assert (answer.log_e or 0.0) < 0.0


def test_addresses_held_across_two_pieces_are_none(workspace: Workspace) -> None:
    """Two builders may rent one proxy network: only cards count across candidates."""
    found = population(600, {"client_ip": [[unit, 40 + unit] for unit in range(30)]})
    alone = case(workspace, list(range(40)), everyone=found)
    assert urn_families.judge(replace(alone, beside=np.arange(40, 80))) == urn_families.judge(alone)


def test_strangers_do_not_look_like_one_hand_beside_others() -> None:
    """Households included: a hundred strangers of the same region stand beside the group, and some live with it."""
    values = []
    for world in range(10):
        draw = np.random.default_rng(300 + world)
        held, entities, stratum, eligible, _ = looked_at(draw)
        for _ in range(60):
            pool = draw.permutation(np.flatnonzero(stratum == draw.integers(0, REGIONS)))
            members, beside = np.sort(pool[:40]), pool[40:140]
            urn = eligible.copy()
            urn[beside] = False
            known = np.bincount(held[beside].indices, minlength=held.shape[1]) > 0
            values.append(
                group_log_e(members, held, entities, stratum, urn, clumping=0.05, seed=0, stage=f"{world}", known=known)
            )
    e = np.exp(np.array(values))
    assert e.mean() < 1.0
    assert stats.binomtest(int((e >= 20.0).sum()), len(e), 0.05, alternative="greater").pvalue > 0.01


# --- the test of H1 --------------------------------------------------------------------------------------------------


def test_families_are_averaged_and_each_has_a_row(workspace: Workspace) -> None:
    operator = np.arange(40)
    draw = np.random.default_rng(17)
    cards = shared_by(8, draw, operator)
    found = population(600, {"payment_fingerprint": cards, "mail_shape": shared_by(2, draw, np.arange(300, 400))})
    finding = urn_families.judge(case(workspace, operator.tolist(), everyone=found))
    rows = {row.signal: row for row in finding.evidence}
    assert set(rows) == {"urn_payment", "urn_mail"}
    values = [(row.model_bits or 0.0) * math.log(2.0) for row in rows.values()]
    assert finding.log_e == pytest.approx(np.logaddexp.reduce(values) - math.log(2.0))
    assert (rows["urn_payment"].model_bits or 0.0) > 20.0 > 0.0 > (rows["urn_mail"].model_bits or 0.0)
    assert rows["urn_payment"].empirical_bits == pytest.approx(math.log2(601))
    assert rows["urn_payment"].hypothesis == "H1" and rows["urn_payment"].n == 40


def test_a_family_that_too_few_members_show_abstains(workspace: Workspace) -> None:
    known = np.zeros(600, np.bool_)
    known[:4] = True
    found = population(600, {"payment_fingerprint": [[0, 1, 2, 3]]}, observed={"payment_fingerprint": known})
    finding = urn_families.judge(case(workspace, list(range(40)), everyone=found))
    assert finding.log_e is None and finding.evidence == ()


def test_only_held_out_families_are_tested(workspace: Workspace) -> None:
    holders: dict[str, Holders] = {
        "payment_fingerprint": [range(30)],
        "opening": [range(30)],
        "mail_shape": [range(30)],
    }
    found = population(600, holders)
    for side in SIDES:
        finding = urn_families.judge(case(workspace, list(range(30)), everyone=found, side=side))
        tested = {row.family for row in finding.evidence}
        assert tested
        assert tested <= {family.name for family in families_of(other_side(side))}
        assert not tested & {family.name for family in families_of(side)}


def test_a_group_of_one_clients_users_is_compared_with_that_clients_users(workspace: Workspace) -> None:
    """Sixty users of one editor share its stacks; against the same editor's users they are nothing special."""
    draw = np.random.default_rng(18)
    clients = (np.arange(1_500) < 500).astype(np.int64)
    stacks: Holders = [draw.choice(500, 140, replace=False) for _ in range(3)]
    members = sorted(draw.choice(500, 60, replace=False).tolist())
    own = population(1_500, {"client_stack": stacks}, clients=clients)
    blind = population(1_500, {"client_stack": stacks})
    log_e = {}
    for name, found in (("own", own), ("blind", blind)):
        finding = urn_families.judge(case(workspace, members, everyone=found, side="infrastructure"))
        assert finding.log_e is not None
        log_e[name] = finding.log_e
    assert log_e["own"] < math.log(20.0) < log_e["blind"]
