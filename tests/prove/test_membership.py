"""Membership: who joins, who never does, and that names, silence and verified owners are treated as they should be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.prove.made import population, renumbered, shared_by

from hydrometer.base.families import FAMILIES
from hydrometer.base.likeness import likeness
from hydrometer.base.population import Population
from hydrometer.prove import membership as memberships
from hydrometer.prove.membership import LISTED, Membership, columns, founding, strongest_links

UNITS = 1_000
FOUNDERS = np.arange(40)
HIDDEN = np.arange(40, 60)
"""Members whom formation did not find, though they share cards and phrases."""
STRANGER = 900
NUMBER = {family.name: place for place, family in enumerate(FAMILIES)}


Holders = dict[str, list[np.ndarray[tuple[int], np.dtype[np.int64]]]]


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


def enlarge(
    found: Population,
    founders: np.ndarray[tuple[int], np.dtype[np.int64]],
    shut: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> Membership:
    return memberships.enlarge(found, columns(found), founders, shut)


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


def in_pairs(paired: int, seed: int) -> Population:
    """Forty founders on phrases that many use; pairs of so many of them hold a card together, other pairs a line."""
    draw = np.random.default_rng(seed)
    outside = np.arange(100, UNITS)
    holders: Holders = {
        "opening": [
            np.append(draw.choice(FOUNDERS, 12, replace=False), draw.choice(outside, 60, replace=False))
            for _ in range(10)
        ],
        "payment_fingerprint": shared_by(2, draw, FOUNDERS[:paired]) + shared_by(2, draw, outside[:100]),
        "client_ip": shared_by(2, draw, FOUNDERS[:paired]) + shared_by(2, draw, outside[100:200]),
    }
    return population(UNITS, holders)


def test_who_shares_with_one_other_alone_belongs_where_that_is_how_the_group_hangs_together() -> None:
    whole, alone = (enlarge(in_pairs(paired, 3), FOUNDERS, closed()) for paired in (40, 0))
    assert len(whole.units) >= 35 and (whole.units < 40).all()
    assert whole.tied and not alone.tied
    place = NUMBER["payment"]
    assert whole.nats[:, place].min() > 2.0 and whole.nats[:, place].max() <= np.log(1.0 / FAMILIES[place].clumping)


def test_half_of_a_network_of_pairs_finds_the_other_half() -> None:
    """Whom formation missed pays with the card of another whom it missed; that does not count against either."""
    draw = np.random.default_rng(5)
    members, outside = np.arange(200), np.arange(200, UNITS)
    places = [draw.permutation(members) for _ in range(2)]
    holders: Holders = {
        "opening": [np.append(draw.choice(members, 60, replace=False), draw.choice(outside, 5)) for _ in range(8)],
        "payment_fingerprint": list(places[0].reshape(-1, 2)),
        "client_ip": list(places[1].reshape(-1, 2)),
    }
    found = enlarge(population(UNITS, holders), np.sort(draw.choice(members, 100, replace=False)), closed())
    assert np.isin(members, found.units).mean() >= 0.9 and not (found.units >= 200).any()


def test_nobody_is_listed_by_one_family_alone() -> None:
    """Forty founders who use the same phrases, half of whom share cards and lines: those alone are listed."""
    found = enlarge(in_pairs(20, 3), FOUNDERS, closed())
    assert len(found.units) and (found.units < 20).all()
    assert ((found.nats >= memberships.TIED_NATS).sum(axis=1) >= 2).all()


def test_couples_are_hardly_surer_for_their_cards_where_the_others_share_none() -> None:
    """Three couples among forty founders: a pair says no more than how much commoner they are than clumping allows."""
    few, all_of_them = (
        likeness({"payment": columns(in_pairs(paired, 4))["payment"]}, np.arange(UNITS) < len(FOUNDERS)).nats[:, 0]
        for paired in (6, 40)
    )
    assert 0.0 < few[:6].max() <= np.log(6 / len(FOUNDERS) / FAMILIES[NUMBER["payment"]].clumping)
    assert all_of_them[:40].max() > 2.0


def test_half_of_a_group_finds_the_other_half() -> None:
    """Members whom formation missed stand among the strangers; that must not make the group vanish."""
    whole = np.concatenate([FOUNDERS, HIDDEN])
    for seed in range(5):
        draw = np.random.default_rng(seed)
        found = enlarge(world(draw), np.sort(draw.choice(whole, 30, replace=False)), closed())
        assert np.isin(whole, found.units).mean() >= 0.8
        assert not (found.units >= 100).any()


def test_columns_of_nats_are_those_of_all_families() -> None:
    found = enlarge(world(np.random.default_rng(3)), FOUNDERS, closed())
    assert found.nats.shape == (len(found.units), len(FAMILIES))
    shown = {NUMBER["payment"], NUMBER["network"], NUMBER["text"]}
    assert not found.nats[:, [number for number in range(len(FAMILIES)) if number not in shown]].any()
    assert found.nats[:, NUMBER["payment"]].mean() > 1.0 and found.nats[:, NUMBER["text"]].mean() > 1.0


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
