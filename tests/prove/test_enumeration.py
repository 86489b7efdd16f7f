"""The urn against every relabelling there is: exact chances, exact means, and what a count of all groups would say.

Small graphs, so that nothing is sampled. Under the null the profiles of a stratum are dealt to its units in any order;
here all orders are gone through. `test_urn.py` has the cookbook's examples, this page random graphs.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse
from tests.prove.made import incidence

from hydrometer.base.likeness import compressed
from hydrometer.prove import kinship
from hydrometer.prove.urn import group_log_e, urn_draws, urn_log_e

ENTITIES = 4
Profiles = list[frozenset[int]]
small = st.lists(st.frozensets(st.integers(0, ENTITIES - 1), max_size=2), min_size=4, max_size=6)


def held_by(profiles: Profiles) -> sparse.csr_array:
    return incidence(
        len(profiles), [[unit for unit, own in enumerate(profiles) if entity in own] for entity in range(ENTITIES)]
    )


def dealt(profiles: Profiles, stratum: list[int], eligible: list[bool]) -> Iterator[Profiles]:
    """All ways to deal the profiles of each stratum's units in the urn out anew; what is not observed stays."""
    places = [
        [unit for unit in range(len(profiles)) if stratum[unit] == one and eligible[unit]]
        for one in sorted(set(stratum))
    ]
    for choice in itertools.product(*(itertools.permutations(part) for part in places)):
        other = list(profiles)
        for part, order in zip(places, choice, strict=True):
            for place, source in zip(part, order, strict=True):
                other[place] = profiles[source]
        yield other


def known_first(known: frozenset[int]) -> NDArray[np.bool_]:
    return np.isin(np.arange(ENTITIES), list(known))


def draws(
    profiles: Profiles, order: list[int], stratum: list[int], eligible: list[bool], known: frozenset[int]
) -> list[tuple[float, bool]]:
    held = held_by(profiles)
    across = held.T.tocsr()
    inside = np.array(eligible)
    rows, holders = ((one.indptr.astype(np.int32), one.indices.astype(np.int32)) for one in (held, across))
    undrawn = np.bincount(np.array(stratum)[inside], minlength=max(stratum) + 1).astype(np.float64)
    ordered = np.array(order, np.int64)
    chance, hit = urn_draws(ordered, rows, holders, np.array(stratum), inside, undrawn, known_first(known))
    return list(zip(chance.tolist(), hit.tolist(), strict=True))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Profiles, list[int], list[bool], list[int]]:
    """Profiles, strata, who is observed, and an order in which some observed units are drawn."""
    profiles = draw(small)
    count = len(profiles)
    stratum = draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
    eligible = draw(st.lists(st.sampled_from([True, True, True, False]), min_size=count, max_size=count))
    able = [unit for unit in range(count) if eligible[unit]]
    return profiles, stratum, eligible, list(draw(st.permutations(able)))[: draw(st.integers(0, len(able)))]


seen_before = st.frozensets(st.integers(0, ENTITIES - 1), max_size=2)


@settings(max_examples=40)
@given(worlds(), seen_before)
def test_the_chance_of_a_hit_is_its_share_of_all_relabellings_with_the_same_past(
    world: tuple[Profiles, list[int], list[bool], list[int]], known: frozenset[int]
) -> None:
    profiles, stratum, eligible, order = world
    hits: dict[tuple[frozenset[int], ...], list[bool]] = defaultdict(list)
    said: dict[tuple[frozenset[int], ...], set[float]] = defaultdict(set)
    for other in dealt(profiles, stratum, eligible):
        for place, (chance, hit) in enumerate(draws(other, order, stratum, eligible, known)):
            past = tuple(other[unit] for unit in order[:place])
            hits[past].append(hit)
            said[past].add(chance)
    for past, found in hits.items():
        assert len(said[past]) == 1
        assert said[past].pop() == pytest.approx(sum(found) / len(found), abs=1e-12)


@settings(max_examples=40)
@given(worlds(), st.sampled_from([0.0, 0.05, 0.3]), seen_before)
def test_the_mean_over_all_relabellings_is_one_and_less_where_clumping_is_granted(
    world: tuple[Profiles, list[int], list[bool], list[int]], clumping: float, known: frozenset[int]
) -> None:
    profiles, stratum, eligible, order = world
    urn = (np.array(stratum), np.array(eligible), clumping)
    values = [
        math.exp(urn_log_e(np.array(order, np.int64), held_by(other), *urn, known=known_first(known)))
        for other in dealt(profiles, stratum, eligible)
    ]
    mean = math.fsum(values) / len(values)
    assert mean <= 1.0 + 1e-12
    if clumping == 0.0:
        assert mean == pytest.approx(1.0, abs=1e-12)


# --- all groups of one size ------------------------------------------------------------------------------------------

UNITS, SIZE = 8, 4
GRAPHS: list[Profiles] = [
    [frozenset(own) for own in graph]
    for graph in (
        [{0}, {0}, {0}, {0}, {1}, {1}, {2}, set()],
        [{0, 1}, {1}, {0}, {2}, {2, 3}, {3}, set(), set()],
        [{0}, {0}, {1}, {1}, {2}, {2}, {3}, {3}],
        [{0, 1}, {0, 1}, {0, 1}, {2}, {3}, {2, 3}, {0, 3}, set()],
    )
]


def over_all_orders(profiles: Profiles, group: tuple[int, ...]) -> float:
    """e of a group, averaged over every order of drawing it; the product averages over eight of them."""
    held, one, every = held_by(profiles), np.zeros(UNITS, np.int64), np.ones(UNITS, np.bool_)
    values = [math.exp(urn_log_e(np.array(order), held, one, every, 0.0)) for order in itertools.permutations(group)]
    return math.fsum(values) / len(values)


@pytest.mark.parametrize("profiles", GRAPHS)
def test_one_over_e_is_never_below_the_exact_permutation_p(profiles: Profiles) -> None:
    """p of a group: share of all seventy groups of its size whose e-value is as large or larger."""
    values = {group: over_all_orders(profiles, group) for group in itertools.combinations(range(UNITS), SIZE)}
    assert len(values) == math.comb(UNITS, SIZE)
    assert math.fsum(values.values()) / len(values) == pytest.approx(1.0, abs=1e-12)
    for value in values.values():
        exact = sum(other >= value - 1e-12 for other in values.values()) / len(values)
        assert 1.0 / value >= exact - 1e-12
    assert max(values.values()) > 1.3


@pytest.mark.parametrize("profiles", GRAPHS)
def test_eight_keyed_orders_keep_the_mean_over_all_groups(profiles: Profiles) -> None:
    """Orders are keyed by what the group holds; over many seeds the mean over all groups is 1 as with every order."""
    held, one, every = held_by(profiles), np.zeros(UNITS, np.int64), np.ones(UNITS, np.bool_)
    entities = np.arange(1, ENTITIES + 1, dtype=np.int64)
    means = np.array([
        np.mean([
            math.exp(
                group_log_e(np.array(group), held, entities, one, every, clumping=0.0, seed=seed, stage="enumeration")
            )
            for group in itertools.combinations(range(UNITS), SIZE)
        ])
        for seed in range(25)
    ])  # fmt: skip
    assert abs(means.mean() - 1.0) <= 4.0 * means.std(ddof=1) / math.sqrt(len(means)) + 1e-9
    assert means.std(ddof=1) < 0.1


# --- kinship ---------------------------------------------------------------------------------------------------------


def kin_e(order: tuple[int, ...], held: sparse.csr_array, own: NDArray[np.bool_]) -> float:
    reached = (held @ own.astype(np.float64)) > 0
    urn = (np.zeros(held.shape[0], np.int64), np.array([float(held.shape[0])]), np.array([float(reached.sum())]))
    won = kinship.bets_won(np.array(order), compressed(held), own, reached, urn, 0.0)
    return float(np.exp(won).mean())


def test_kinship_has_mean_one_over_all_ordered_choices_where_every_card_has_one_holder() -> None:
    """As long as kin are left to draw: a bet on a hit that cannot come any more is lost, which only takes away."""
    held = incidence(6, [[0], [2], [3], [5]])
    own = np.array([True, True, True, False])
    three = [kin_e(order, held, own) for order in itertools.permutations(range(6), 3)]
    assert math.fsum(three) / len(three) == pytest.approx(1.0, abs=1e-12)
    assert max(three) > 1.5
    four = [kin_e(order, held, own) for order in itertools.permutations(range(6), 4)]
    assert math.fsum(four) / len(four) < 1.0


def test_kinship_stays_below_one_where_a_household_holds_one_card() -> None:
    """A card that was seen before is no second bet, which takes away and cannot add."""
    held = incidence(6, [[0, 1, 2], [3]])
    own = np.array([True, True])
    values = [kin_e(order, held, own) for order in itertools.permutations(range(6), 4)]
    assert math.fsum(values) / len(values) < 1.0 - 1e-6
