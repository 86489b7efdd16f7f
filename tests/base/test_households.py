"""Who lives together: a card and an address with each other and with nobody else, and no more than a household."""

from __future__ import annotations

from tests.prove.made import population

from hydrometer.base.families import FAMILIES
from hydrometer.base.households import households


def homes(cards: list[list[int]], addresses: list[list[int]], units: int = 12) -> list[set[int]]:
    """Households of more than one, from who holds which card and which address."""
    layers = population(units, {"payment_fingerprint": cards, "client_ip": addresses}).layers
    families = {
        family.name: [layers[name] for name in family.layers if name in layers]
        for family in FAMILIES
        if any(name in layers for name in family.layers)
    }
    number = households(families, units)
    groups = [{unit for unit in range(units) if number[unit] == one} for one in set(number.tolist())]
    return sorted((group for group in groups if len(group) > 1), key=min)


def test_a_card_and_an_address_make_a_home_and_one_of_them_does_not() -> None:
    assert homes([[0, 1, 2], [5, 6]], [[0, 1, 2], [7, 8]]) == [{0, 1, 2}]


def test_neighbours_of_one_address_are_no_household() -> None:
    assert homes([[0, 1], [2, 3]], [[0, 1, 2, 3]]) == [{0, 1}, {2, 3}]


def test_what_more_share_is_no_home() -> None:
    assert homes([[0, 1, 2, 3, 4]], [[0, 1, 2, 3, 4]]) == []


def test_a_chain_of_homes_longer_than_a_household_is_none() -> None:
    pairs = [[n, n + 1] for n in range(6)]
    assert homes(pairs, pairs) == []


def test_without_cards_or_addresses_nobody_lives_together() -> None:
    layers = population(4, {"payment_fingerprint": [[0, 1]]}).layers
    assert households({"payment": [layers["payment_fingerprint"]]}, 4).tolist() == [0, 1, 2, 3]
