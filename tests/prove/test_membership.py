"""Membership: who joins, who never does, and that names, silence and verified owners are treated as they should be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.prove.made import Holders, population, renumbered, shared_by

from hydrometer.base.families import FAMILIES
from hydrometer.base.population import Population
from hydrometer.prove.membership import (
    FAMILY_NATS_MAX,
    FAMILY_NATS_MIN,
    LISTED,
    absence,
    enlarge,
    family_nats,
    founding,
    probabilities,
    strongest_links,
)

UNITS = 1_000
FOUNDERS = np.arange(40)
HIDDEN = np.arange(40, 60)
"""Members whom formation did not find, though they share cards and phrases."""
STRANGER = 900
NUMBER = {family.name: place for place, family in enumerate(FAMILIES)}


def world(draw: np.random.Generator, stranger: dict[str, int] | None = None) -> Population:
    """Forty founders and twenty more on the same cards and phrases; a stranger who holds so many of them."""
    whole = np.concatenate([FOUNDERS, HIDDEN])
    outside = np.arange(100, UNITS)
    holders: dict[str, list[np.ndarray[tuple[int], np.dtype[np.int64]]]] = {
        "payment_fingerprint": shared_by(12, draw, whole) + shared_by(15, draw, whole),
        "opening": [draw.choice(whole, 40, replace=False) for _ in range(8)],
        "client_ip": shared_by(2, draw, draw.choice(outside, 200, replace=False)),
    }
    for name, count in (stranger or {}).items():
        holders[name] = [np.append(own, STRANGER) if n < count else own for n, own in enumerate(holders[name])]
    holders["opening"] += [draw.choice(outside, 15, replace=False) for _ in range(30)]
    holders["payment_fingerprint"] += shared_by(2, draw, draw.choice(outside[outside != STRANGER], 200, replace=False))
    return population(UNITS, holders)


def closed(*units: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    result = np.zeros(UNITS, np.bool_)
    result[list(units)] = True
    return result


def test_all_who_share_over_two_families_belong() -> None:
    found = enlarge(world(np.random.default_rng(1)), FOUNDERS, closed())
    assert np.isin(np.concatenate([FOUNDERS, HIDDEN]), found.units).mean() >= 0.9
    assert not (found.units >= 100).any()
    assert (found.probability >= LISTED).all() and (found.probability <= 1).all()
    assert set(found.enriched) >= {"payment_fingerprint", "opening"}


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    layer=st.sampled_from(["payment_fingerprint", "opening"]),
    count=st.integers(1, 8),
)
def test_a_stranger_with_one_family_never_joins(seed: int, layer: str, count: int) -> None:
    """However many of the group's phrases, or cards, a stranger holds: one family alone convicts nobody."""
    found = world(np.random.default_rng(seed), {layer: count})
    assert STRANGER not in enlarge(found, FOUNDERS, closed()).units


def test_a_stranger_with_two_families_may_join() -> None:
    """The test above can fail: with both families the same unit belongs."""
    found = world(np.random.default_rng(2), {"payment_fingerprint": 3, "opening": 6})
    assert STRANGER in enlarge(found, FOUNDERS, closed()).units


def test_a_verified_owner_never_joins() -> None:
    found = world(np.random.default_rng(2), {"payment_fingerprint": 3, "opening": 6})
    assert STRANGER not in enlarge(found, FOUNDERS, closed(STRANGER)).units


def test_one_family_says_so_much_and_no_more() -> None:
    nats, _ = family_nats(world(np.random.default_rng(3)), FOUNDERS)
    assert nats.shape == (UNITS, len(FAMILIES))
    assert nats.max() <= FAMILY_NATS_MAX and nats.min() >= FAMILY_NATS_MIN


def test_silence_is_neither_for_nor_against() -> None:
    """A unit that does not show a family gets 0 for it; one that shows it without the group's things gets less."""
    draw = np.random.default_rng(4)
    known = np.ones(UNITS, np.bool_)
    known[500:600] = False
    cards: Holders = shared_by(12, draw, FOUNDERS)
    found = population(UNITS, {"payment_fingerprint": cards}, observed={"payment_fingerprint": known})
    nats = family_nats(found, FOUNDERS)[0][:, NUMBER["payment"]]
    assert (nats[500:600] == 0).all()
    assert (nats[600:] < 0).all()
    assert np.median(nats[FOUNDERS]) > 0


def test_evidence_for_is_more_belief() -> None:
    nats = np.zeros((4, len(FAMILIES)))
    nats[1, 0], nats[2, :2], nats[3, 0] = 4.0, 4.0, -4.0
    values = probabilities(nats, 50, 5_000)
    assert values[3] < values[0] < values[1] < values[2]
    assert values[0] == pytest.approx(0.01)


@given(st.floats(0.01, 7.9), st.floats(0.01, 7.9), st.integers(2, 500))
def test_a_family_that_says_more_never_lowers_belief(first: float, more: float, size: int) -> None:
    nats = np.zeros((2, len(FAMILIES)))
    nats[:, 0] = first
    nats[1, 0] = min(first + more, FAMILY_NATS_MAX)
    values = probabilities(nats, size, 5_000)
    assert values[1] >= values[0]


def test_names_do_not_matter() -> None:
    draw = np.random.default_rng(5)
    found = world(draw)
    order = draw.permutation(UNITS)
    before = enlarge(found, FOUNDERS, closed())
    after = enlarge(renumbered(found, order), np.sort(np.argsort(order)[FOUNDERS]), closed())
    assert sorted(order[after.units].tolist()) == before.units.tolist()
    beliefs = dict(zip(order[after.units].tolist(), after.probability.tolist(), strict=True))
    assert all(
        beliefs[unit] == pytest.approx(p, abs=1e-9)
        for unit, p in zip(before.units.tolist(), before.probability, strict=True)
    )


def test_absence_never_speaks_for_membership() -> None:
    draw = np.random.default_rng(6)
    for _ in range(50):
        holds, seen, inside = (draw.random(60) < share for share in draw.random(3))
        assert absence(holds & seen, seen, inside) <= 0.0


def test_founders_of_an_unproven_group_are_as_likely_as_not() -> None:
    found = founding(np.array([3, 5, 8]))
    assert found.units.tolist() == [3, 5, 8]
    assert found.probability.tolist() == [LISTED] * 3
    assert not found.nats.any() and found.enriched == {}


def test_links_are_between_members_and_name_what_both_hold() -> None:
    found = world(np.random.default_rng(7))
    membership = enlarge(found, FOUNDERS, closed())
    links = strongest_links(found, membership, 50)
    assert 0 < len(links) <= 50
    assert [row[3] for row in links] == sorted((row[3] for row in links), reverse=True)
    for a, b, name, _, members, holders in links:
        assert a < b and {a, b} <= set(membership.units.tolist())
        held = found.layers[name].held[[a, b]].toarray()
        assert (held[0] & held[1]).any()
        assert 2 <= members <= holders
