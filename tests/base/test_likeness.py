"""Likeness: what marks a group, what does not, and that names, silence and the unit itself do not count."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.prove.made import population, renumbered

from hydrometer.base.families import FAMILY
from hydrometer.base.likeness import (
    COUNT_EDGES,
    LIFT_EDGES,
    NATS_MAX,
    NATS_MIN,
    STRATUM_PULL,
    FamilyColumns,
    likeness,
    posterior,
    stranger_weights,
    tempered,
)
from hydrometer.base.population import Population

UNITS = 600
GROUP = np.arange(30)


def one_family(found: Population, name: str, strata: NDArray[np.int64] | None = None) -> dict[str, FamilyColumns]:
    layers = [found.layers[layer] for layer in FAMILY[name].layers if layer in found.layers]
    return {
        name: FamilyColumns.of(
            layers, found.active, np.zeros(UNITS, np.int64) if strata is None else strata, np.arange(UNITS)
        )
    }


def inside(*units: int) -> NDArray[np.bool_]:
    result = np.zeros(UNITS, np.bool_)
    result[list(units or GROUP.tolist())] = True
    return result


def slow_likeness(family: FamilyColumns, members: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nats and breadth as the module's text has them, unit by unit and entity by entity."""
    shown = [unit for unit in range(UNITS) if family.observed[unit]]
    own = [unit for unit in shown if members[unit]]
    others = [unit for unit in shown if not members[unit]]
    strata = family.strata.tolist()
    inside = {s: sum(strata[unit] == s for unit in own) for s in set(strata)}
    outside = {s: sum(strata[unit] == s for unit in others) for s in set(strata)}
    share = {s: inside[s] / (outside[s] + STRATUM_PULL) for s in inside}
    anywhere = STRATUM_PULL * sum(share.values()) / (len(others) + 1)
    anyway = 0.5 * anywhere + 0.5 * len(own) / (len(others) + 1)
    best, many, breadth, paired = np.zeros(UNITS), np.zeros(UNITS, int), np.zeros(UNITS), np.zeros(UNITS, bool)
    for layer in family.layers:
        dense = layer.layer.held.toarray()
        for entity in range(dense.shape[1]):
            holders = np.flatnonzero(dense[:, entity]).tolist()
            for unit in holders:
                home = [one for one in holders if family.household[one] == family.household[unit]]
                fellows = sum(bool(family.observed[one] and members[one]) for one in holders if one not in home)
                expected = sum(share[strata[one]] + anywhere for one in holders if one in others and one != unit)
                lift = round(math.log(fellows + 0.5) - math.log(expected + anyway), 9)
                paired[unit] |= bool(family.pairs and fellows == 1 and lift >= math.log(4.0))
                if fellows >= 2 and lift >= math.log(4.0):
                    best[unit], many[unit] = max(best[unit], lift), many[unit] + 1
                    breadth[unit] += fellows
    cell = [(sum(best[u] >= e for e in LIFT_EDGES), sum(many[u] >= e for e in COUNT_EDGES)) if many[u] else
            bool(paired[u]) for u in range(UNITS)]  # fmt: skip
    nats = np.zeros(UNITS)
    for unit in shown:
        left, right = [one for one in own if one != unit], [one for one in others if one != unit]
        as_it = [False, True] if cell[unit] is False else [cell[unit]]
        alike = sum(cell[one] in as_it for one in left)
        anybody = sum(cell[one] in as_it for one in shown) / len(shown)
        usual = (sum(cell[one] == cell[unit] for one in right) + 0.5) / (len(right) + 1)
        near = [one for one in right if strata[one] == strata[unit]]
        there = sum(cell[one] == cell[unit] for one in near) + STRATUM_PULL * usual
        rate = there / (len(near) + STRATUM_PULL)
        rate = max(rate, family.pairs) if cell[unit] is True else rate
        ratio = math.log((alike + anybody) / (len(left) + 1)) - math.log(rate)
        nats[unit] = min(max(ratio, NATS_MIN), NATS_MAX)
    return nats, breadth


@pytest.mark.parametrize("pairs", [0.0, 0.05])
@pytest.mark.parametrize("seed", range(4))
def test_the_compiled_likeness_is_the_one_that_is_described(seed: int, pairs: float) -> None:
    draw = np.random.default_rng(seed)
    lines = [draw.choice(60, draw.integers(3, 20), replace=False) for _ in range(8)] + [
        draw.choice(UNITS, draw.integers(2, 40), replace=False) for _ in range(30)
    ]
    cards = [draw.choice(UNITS, 300, replace=False)] + [draw.choice(60, 5, replace=False) for _ in range(6)]
    known = {name: draw.random(UNITS) < 0.9 for name in ("client_ip", "prefix")}
    found = population(UNITS, {"client_ip": lines, "prefix": cards}, observed=known)
    homes = np.arange(UNITS)
    homes[:45] = np.repeat(np.arange(15), 3)
    strata = draw.integers(0, 4, UNITS)
    layers = [found.layers[name] for name in ("client_ip", "prefix")]
    family = FamilyColumns.of(layers, found.active, strata, homes, pairs)
    members = inside(*draw.choice(60, 40, replace=False).tolist())
    like = likeness({"network": family}, members)
    nats, breadth = slow_likeness(family, members)
    assert np.allclose(like.nats[:, 0], nats, atol=1e-9) and np.array_equal(like.breadth, breadth)
    assert breadth.any() and (nats > 1.0).any()


def test_what_members_share_and_strangers_do_not_is_for_and_its_absence_against() -> None:
    cards = [list(range(start, start + 6)) for start in range(0, 30, 6)]
    found = population(UNITS, {"payment_fingerprint": [*cards[:4], [100, 101], [102, 103, 104]]})
    like = likeness(one_family(found, "payment"), inside())
    assert like.nats[:24, 0].min() > 2.0
    assert like.nats[24:30, 0].max() < 0.0 and like.nats[200:, 0].max() < 0.0
    assert (like.nats <= NATS_MAX).all() and (like.nats >= NATS_MIN).all()
    assert len(like.marks["payment_fingerprint"]) == 4


def test_a_pair_does_not_prove_itself() -> None:
    """Two members on one card: each leaves itself out and is left with one fellow, which marks nobody."""
    found = population(UNITS, {"payment_fingerprint": [[0, 1], [2, 3], [100, 101]]})
    assert not likeness(one_family(found, "payment"), inside()).breadth.any()


def in_pairs(rate: float) -> NDArray[np.float64]:
    """Nats of the payment family where all members share a card with one other, and one stranger with one of them."""
    found = population(
        UNITS, {"payment_fingerprint": [[2 * n, 2 * n + 1] for n in range(14)] + [[28, 100], [200, 201]]}
    )
    layers = [found.layers["payment_fingerprint"]]
    family = FamilyColumns.of(layers, found.active, np.zeros(UNITS, np.int64), np.arange(UNITS), rate)
    return likeness({"payment": family}, inside()).nats[:, 0]


def test_a_pair_says_no_more_than_the_rate_of_pairs_among_strangers_allows() -> None:
    nats = in_pairs(0.05)
    assert nats[:28].min() > 2.5 and nats[:28].max() <= math.log(1.0 / 0.05)
    assert nats[100] == pytest.approx(nats[0], abs=0.1)
    assert in_pairs(0.2)[0] < nats[0]
    assert abs(in_pairs(0.0)).max() < 0.01


def test_where_members_come_in_pairs_to_share_with_nobody_says_nothing() -> None:
    """The other half of a pair may not have been found; where members share in a crowd, it would have been."""
    assert np.abs(in_pairs(0.05)[[28, 29, *range(200, UNITS)]]).max() < 0.1
    crowd = population(UNITS, {"payment_fingerprint": [list(range(28))]})
    layers = [crowd.layers["payment_fingerprint"]]
    family = FamilyColumns.of(layers, crowd.active, np.zeros(UNITS, np.int64), np.arange(UNITS), 0.05)
    assert likeness({"payment": family}, inside()).nats[28:, 0].max() < -1.0


def test_what_everybody_of_the_stratum_holds_marks_nobody() -> None:
    """All members and all of their language hold a phrase: within the language it says nothing."""
    strata = np.where(np.arange(UNITS) < 120, 0, 1)
    found = population(UNITS, {"opening": [list(range(120))]})
    assert not likeness(one_family(found, "text", strata), inside()).breadth.any()
    assert likeness(one_family(found, "text"), inside()).breadth.any()


def test_silence_is_neither_for_nor_against() -> None:
    known = np.ones(UNITS, np.bool_)
    known[500:] = False
    found = population(UNITS, {"payment_fingerprint": [list(range(20))]}, observed={"payment_fingerprint": known})
    nats = likeness(one_family(found, "payment"), inside()).nats[:, 0]
    assert (nats[500:] == 0).all() and (nats[100:500] < 0).all()


def test_breadth_counts_the_other_holders_of_each_mark() -> None:
    found = population(UNITS, {"opening": [[0, 1, 2, 3], [0, 1, 2]], "closing": [[0, 1, 2, 3, 4]]})
    assert likeness(one_family(found, "text"), inside()).breadth[:6].tolist() == [9.0, 9.0, 9.0, 7.0, 4.0, 0.0]


def test_strangers_of_the_members_strata_are_what_is_expected() -> None:
    strata = np.where(np.arange(UNITS) < 60, 0, 1)
    found = population(UNITS, {"payment_fingerprint": [[0, 1]]})
    family = one_family(found, "payment", strata)["payment"]
    weight, anyway = stranger_weights(family.strata, family.observed, inside(), family.count)
    assert weight[GROUP].max() == 0.0
    assert weight[40] > 5 * weight[400] > 0.0 and anyway > 0.0


def test_names_do_not_matter() -> None:
    draw = np.random.default_rng(4)
    cards = [draw.choice(GROUP, 8, replace=False) for _ in range(5)] + [
        draw.choice(UNITS, 5, replace=False) for _ in range(60)
    ]
    found = population(UNITS, {"payment_fingerprint": cards})
    order = draw.permutation(UNITS)
    before = likeness(one_family(found, "payment"), inside()).nats
    after = likeness(one_family(renumbered(found, order), "payment"), inside()[order]).nats
    assert np.allclose(after, before[order], atol=1e-12)


def test_one_loud_family_is_not_tempered_by_silent_ones() -> None:
    nats = np.array([[6.0, 0.0, 0.0], [6.0, -0.1, -0.1], [6.0, 6.0, 0.0], [6.0, 6.0, 6.0]])
    total = tempered(nats)
    assert total[0] == 6.0 and total[1] == pytest.approx(5.8, abs=0.1)
    assert total[2] == pytest.approx(12.0 / 1.2) and total[3] == pytest.approx(18.0 / 1.4)


@given(st.lists(st.floats(0.01, 8.0), min_size=1, max_size=4), st.floats(0.01, 4.0))
def test_more_from_the_weakest_of_four_families_never_lowers_the_sum(values: list[float], more: float) -> None:
    """From five strong families on, a very weak further one costs a little: it counts as one more that depends."""
    louder = sorted(values)
    louder[0] = min(louder[0] + more, max(values))
    assert tempered(np.array([louder]))[0] >= tempered(np.array([sorted(values)]))[0] - 1e-9


def test_evidence_for_is_more_belief_and_rare_groups_less() -> None:
    active, strata = np.ones(UNITS, np.bool_), np.zeros(UNITS, np.int64)
    nats = np.zeros((UNITS, 2))
    nats[1, 0], nats[2], nats[3, 0] = 4.0, 4.0, -4.0
    values = posterior(nats, inside(), active, strata)
    assert values[3] < values[0] < values[1] < values[2]
    assert values[0] == pytest.approx(0.05, abs=0.01)
    assert (posterior(nats, inside(0, 1, 2), active, strata) < values).all()
