"""Kinship: who pays with an operator's cards is kin, a household or a stranger is not, and the e-value holds still."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.prove.made import population, renumbered, shared_by

from hydrometer.base.population import Population
from hydrometer.prove import kinship
from hydrometer.prove.kinship import KIN_NATS, Cards, kin_nats, strangers_within

UNITS = 800
OPERATOR = np.arange(60)
KIN = np.arange(60, 100)
STRANGERS = np.arange(300, 340)


def world(seed: int = 1, *more: list[int]) -> Population:
    """An operator of a hundred on cards of six, found as sixty and forty; households of two elsewhere."""
    draw = np.random.default_rng(seed)
    whole = np.concatenate([OPERATOR, KIN])
    cards = shared_by(6, draw, draw.permutation(whole))
    homes = shared_by(2, draw, draw.choice(np.arange(100, UNITS), 300, replace=False))
    return population(UNITS, {"payment_fingerprint": [*cards, *homes, *more]})


def test_who_holds_the_operators_cards_is_kin_and_who_does_not_is_not() -> None:
    found = world()
    kin, stranger = kin_nats(Cards.of(found), OPERATOR, KIN, 0), kin_nats(Cards.of(found), OPERATOR, STRANGERS, 0)
    assert kin is not None and kin > KIN_NATS
    assert stranger is not None and stranger < 0.0


def test_one_card_in_many_hands_counts_once() -> None:
    """Forty strangers on one card that a member holds, too: one coincidence, not forty."""
    found = world(1, [0, *STRANGERS.tolist()])
    value = kin_nats(Cards.of(found), OPERATOR, STRANGERS, 0)
    assert value is not None and value < KIN_NATS


def test_too_few_cards_say_nothing() -> None:
    assert kin_nats(Cards.of(world()), OPERATOR, KIN[:4], 0) is None
    known = np.ones(UNITS, np.bool_)
    known[KIN] = False
    hidden = population(UNITS, {"payment_fingerprint": [[0, 1]]}, observed={"payment_fingerprint": known})
    assert kin_nats(Cards.of(hidden), OPERATOR, KIN, 0) is None
    assert kin_nats(Cards.of(population(UNITS, {"client_ip": [[0, 1]]})), OPERATOR, KIN, 0) is None


def test_the_e_value_of_random_parts_has_mean_one_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any forty units outside: the mean over many draws, one order each, exact but for the benign clumping."""
    monkeypatch.setattr(kinship, "ORDERS", 1)
    found, draw = world(3), np.random.default_rng(5)
    values = [
        kin_nats(Cards.of(found), OPERATOR, np.sort(draw.choice(np.arange(60, UNITS), 40, replace=False)), number)
        for number in range(400)
    ]
    assert float(np.mean(np.exp([value for value in values if value is not None]))) <= 1.1


def test_names_do_not_matter() -> None:
    found = world()
    order = np.random.default_rng(2).permutation(UNITS)
    place = np.argsort(order)
    again = kin_nats(Cards.of(renumbered(found, order)), np.sort(place[OPERATOR]), np.sort(place[KIN]), 0)
    assert again == pytest.approx(kin_nats(Cards.of(found), OPERATOR, KIN, 0), abs=1e-9)


def test_a_part_without_the_groups_cards_is_of_strangers() -> None:
    found = world()
    group: NDArray[np.int64] = np.concatenate([OPERATOR, KIN, STRANGERS])
    assert strangers_within(Cards.of(found), group, [KIN, STRANGERS], 0).tolist() == STRANGERS.tolist()
    assert strangers_within(Cards.of(found), group, [], 0).tolist() == []


def test_where_most_of_a_group_looks_strange_nobody_leaves() -> None:
    found = world()
    group = np.concatenate([OPERATOR[:20], np.arange(300, 380)])
    assert strangers_within(Cards.of(found), group, [np.arange(300, 340), np.arange(340, 380)], 0).tolist() == []


def test_where_cards_do_not_tie_the_rest_no_part_is_strange() -> None:
    """All accounts show one card: nobody holds what another one does, and no part is less of the group for it."""
    found = population(UNITS, {"payment_fingerprint": [np.arange(UNITS), [700, 701]]})
    group = np.concatenate([OPERATOR, KIN])
    cards = Cards.of(found)
    value = kin_nats(cards, OPERATOR, KIN, 0)
    assert value is not None and value <= kinship.STRANGE_NATS
    assert strangers_within(cards, group, [KIN], 0).tolist() == []
