"""Entity weights: the cookbook's worked example, exactness by enumeration, popular things that link nobody."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse
from tests.prove.made import incidence, population, renumbered, shared_by

from hydrometer.link.weights import (
    entity_weights,
    expected_pairs,
    observed_pairs,
    pair_rate,
    prior_log_odds,
    weight_nats,
)

STRANGERS_NATS_MAX = float(np.log(2.0))
"""The law of decoys: 95 % of what strangers share weighs no more (statistics cookbook, section 1, trap c)."""
Links = list[tuple[int, int]]


def matrix(links: Links, units: int, entities: int) -> sparse.csr_array:
    held = np.zeros((units, entities), np.bool_)
    for unit, entity in links:
        held[unit, entity] = True
    return sparse.csr_array(held)


def pairs_of_strangers(stubs: Links, holders: set[int]) -> int:
    """Coincident links of different holders, counted one by one."""
    own = [(unit, entity) for unit, entity in stubs if unit in holders]
    return sum(a[1] == b[1] and a[0] != b[0] for a, b in itertools.combinations(own, 2))


def mean_over_relabellings(stubs: Links, holders: set[int], strata: NDArray[np.int64]) -> float:
    """Mean of O over all ways to deal the entities of each stratum's links out anew within the stratum."""
    places = [[n for n, (unit, _) in enumerate(stubs) if strata[unit] == s] for s in range(int(strata.max()) + 1)]
    total = count = 0
    for choice in itertools.product(*(itertools.permutations(part) for part in places)):
        dealt = list(stubs)
        for part, order in zip(places, choice, strict=True):
            for place, source in zip(part, order, strict=True):
                dealt[place] = (stubs[place][0], stubs[source][1])
        total += pairs_of_strangers(dealt, holders)
        count += 1
    return total / count


def test_worked_example() -> None:
    other = incidence(10, [[0, 1, 2], [3, 4], [5, 6]])
    members = incidence(10, [[0, 1, 3]]).T.tocsr()
    strata = np.zeros(10, np.int64)
    assert round(float(pair_rate(other, strata, 1)[0, 0]), 6) == 0.238095
    observed, expected = observed_pairs(members, other), expected_pairs(members, other, strata)
    assert observed.tolist() == [1.0]
    assert round(float(expected[0]), 6) == 0.714286
    assert round(float(np.log((observed[0] + 1) / (expected[0] + 1))), 6) == 0.154151
    assert weight_nats(observed, expected, 9.0).tolist() == [0.0]


def test_worked_example_is_the_mean_over_all_relabellings() -> None:
    stubs = [(0, 0), (1, 0), (2, 0), (3, 1), (4, 1), (5, 2), (6, 2)]
    mean = mean_over_relabellings(stubs, {0, 1, 3}, np.zeros(10, np.int64))
    assert round(mean, 6) == 0.714286


@settings(max_examples=40, deadline=None)
@given(
    links=st.sets(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=6),
    holders=st.sets(st.integers(0, 4), min_size=2),
    strata=st.lists(st.integers(0, 1), min_size=5, max_size=5),
)
def test_expected_pairs_is_the_mean_over_relabellings_within_strata(
    links: set[tuple[int, int]], holders: set[int], strata: list[int]
) -> None:
    stubs, sides = sorted(links), np.array(strata)
    other, members = matrix(stubs, 5, 3), incidence(5, [sorted(holders)]).T.tocsr()
    assert observed_pairs(members, other)[0] == pairs_of_strangers(stubs, holders)
    expected = float(expected_pairs(members, other, sides)[0])
    assert expected == pytest.approx(mean_over_relabellings(stubs, holders, sides), abs=1e-12)


def test_observed_pairs_agrees_with_counting_over_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hydrometer.link.weights.BLOCK", 3)
    draw = np.random.default_rng(1)
    members = sparse.csr_array(draw.random((10, 40)) < 0.3)
    other = sparse.csr_array(draw.random((40, 12)) < 0.2)
    dense_members, dense_other = members.toarray(), other.toarray()
    wanted = [
        sum(n * (n - 1) / 2 for n in Counter(np.nonzero(dense_other[row])[1].tolist()).values())
        for row in dense_members
    ]
    assert observed_pairs(members, other).tolist() == wanted


def test_rates_are_symmetric_between_strata() -> None:
    draw = np.random.default_rng(2)
    rate = pair_rate(sparse.csr_array(draw.random((60, 15)) < 0.2), draw.integers(0, 3, 60), 3)
    assert np.array_equal(rate, rate.T)
    assert (rate >= 0).all() and rate.max() > 0


def test_an_empty_layer_expects_nothing() -> None:
    nothing = sparse.csr_array((4, 2), dtype=np.bool_)
    members = incidence(4, [[0, 1, 2]]).T.tocsr()
    assert expected_pairs(members, nothing, np.zeros(4, np.int64)).tolist() == [0.0]
    assert observed_pairs(members, nothing).tolist() == [0.0]


@given(st.floats(0, 50), st.floats(0, 50), st.floats(0.1, 20))
def test_weights_grow_with_what_is_shared_and_stay_between_zero_and_the_cap(
    observed: float, expected: float, cap: float
) -> None:
    values = weight_nats(observed + np.arange(5.0), np.full(5, expected), cap)
    assert (np.diff(values) >= 0).all()
    assert (values >= 0).all() and (values <= cap).all()
    assert (weight_nats(np.full(5, observed), expected + np.arange(5.0), cap)[1:] <= values[0] + 1e-12).all()


def test_one_entity_alone_never_convicts() -> None:
    """The cap is the prior's: with it alone a pair is as likely as not to be one hand, at most."""
    for units in (50, 5_000, 100_000):
        found = population(6, {"payment_fingerprint": [range(6)], "mail_shape": [range(6)]})
        assert max(entity_weights(found.forming("infrastructure"))["mail_shape"]) <= prior_log_odds(6)
        assert prior_log_odds(units) >= 0.0


def a_region_with_decoys(draw: np.random.Generator) -> dict[str, list[NDArray[np.int64]]]:
    """4,000 strangers in 4 regions with households, carriers of 300, regional mail shapes; one operator of 120."""
    regions = np.repeat(np.arange(4), 1_000)
    units = np.arange(4_000)
    operator = draw.choice(units, 120, replace=False)
    addresses = shared_by(3, draw, draw.choice(units, 700, replace=False))
    addresses += shared_by(20, draw, operator)
    addresses += [draw.choice(units[regions == n % 4], 300, replace=False) for n in range(40)]
    cards = shared_by(2, draw, draw.choice(units, 800, replace=False)) + shared_by(20, draw, operator)
    mail = [units[(regions == n % 4) & (draw.random(4_000) < 0.02 * (1 + n % 5))] for n in range(60)]
    return {"client_ip": addresses, "payment_fingerprint": cards, "mail_shape": mail}


def test_carriers_that_strangers_share_weigh_nothing_and_an_operators_lines_weigh_much() -> None:
    draw = np.random.default_rng(3)
    regions = np.repeat(np.arange(4), 1_000)
    holders = a_region_with_decoys(draw)
    weights = entity_weights(population(4_000, holders, regions=regions).forming("infrastructure"))["client_ip"]
    operator = weights[233:239]
    assert np.quantile(weights[-40:], 0.95) <= STRANGERS_NATS_MAX
    assert np.quantile(weights[:233], 0.95) <= STRANGERS_NATS_MAX
    assert np.median(operator) > 1.0


def test_without_regional_strata_the_same_carriers_would_mislead() -> None:
    """The test above can fail: strata are what keeps carriers light."""
    draw = np.random.default_rng(3)
    holders = a_region_with_decoys(draw)
    weights = entity_weights(population(4_000, holders).forming("infrastructure"))["client_ip"]
    assert np.median(weights[-40:]) > STRANGERS_NATS_MAX


def test_missing_values_never_agree() -> None:
    """Units that show nothing of a layer add nothing to what the holders of an entity share."""
    alone = population(8, {"client_ip": [[0, 1, 2]], "payment_fingerprint": [[0, 1]]})
    beside = population(40, {"client_ip": [[0, 1, 2]], "payment_fingerprint": [[0, 1]]})
    members = {one.units: one.layers["client_ip"].held.T.tocsr() for one in (alone, beside)}
    for found in (alone, beside):
        cards = found.layers["payment_fingerprint"].held
        assert observed_pairs(members[found.units], cards).tolist() == [1.0]
        assert expected_pairs(members[found.units], cards, found.regions).tolist() == [1.0]


def test_names_of_units_do_not_matter() -> None:
    draw = np.random.default_rng(4)
    regions = np.repeat(np.arange(4), 1_000)
    found = population(4_000, a_region_with_decoys(draw), regions=regions)
    before = entity_weights(found.forming("infrastructure"))
    after = entity_weights(renumbered(found, draw.permutation(4_000)).forming("infrastructure"))
    for name, values in before.items():
        assert np.allclose(values, after[name], atol=1e-9)


def test_a_half_with_one_family_learns_nothing() -> None:
    found = population(6, {"payment_fingerprint": [[0, 1, 2], [3, 4]]})
    assert entity_weights(found.forming("infrastructure"))["payment_fingerprint"].tolist() == [0.0, 0.0]


def test_weights_of_one_half_do_not_change_with_the_other() -> None:
    holders = {"client_ip": [[0, 1, 2], [3, 4]], "payment_fingerprint": [[0, 1], [3, 4]]}
    plain = population(9, holders).forming("infrastructure")
    noisy = population(9, {**holders, "opening": [range(9), [0, 4]], "tool_set": [[0, 1, 2]]}).forming("infrastructure")
    assert set(noisy.families) == {"network", "payment"}
    for name, values in entity_weights(plain).items():
        assert np.array_equal(values, entity_weights(noisy)[name])
