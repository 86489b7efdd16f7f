"""Fragments: pieces of one operator come together over two families, two operators on one proxy network do not."""

from __future__ import annotations

import numpy as np
from tests.prove.made import Holders, population, renumbered, shared_by

from hydrometer.base.population import Population
from hydrometer.prove.fragments import fragments

UNITS = 600
LEFT, RIGHT = np.arange(0, 30), np.arange(30, 60)


def world(*families: str) -> Population:
    """Two groups of thirty, each on things of its own, and on common things in the families named."""
    draw = np.random.default_rng(1)
    both = np.concatenate([LEFT, RIGHT])
    holders: dict[str, Holders] = {}
    for name in ("payment_fingerprint", "client_ip", "opening"):
        own = [*shared_by(6, draw, LEFT), *shared_by(6, draw, RIGHT), *shared_by(2, draw, np.arange(100, 300))]
        common = [draw.choice(both, 40, replace=False) for _ in range(2)] if name in families else []
        holders[name] = [*own, *common]
    return population(UNITS, holders)


def test_groups_that_share_over_two_families_are_one_hand() -> None:
    assert fragments(world("payment_fingerprint", "opening"), [LEFT, RIGHT]) == [[0, 1]]


def test_one_family_is_not_enough() -> None:
    for name in ("payment_fingerprint", "client_ip", "opening"):
        assert fragments(world(name), [LEFT, RIGHT]) == [[0], [1]]


def test_groups_that_share_nothing_stay_apart() -> None:
    assert fragments(world(), [LEFT, RIGHT]) == [[0], [1]]


def test_groups_that_overlap_by_half_are_the_same_in_any_case() -> None:
    assert fragments(world(), [LEFT, np.arange(15, 45), RIGHT]) == [[0, 1, 2]]
    assert fragments(world(), [LEFT, np.arange(20, 50)]) == [[0], [1]]


def test_every_group_stands_in_one_list() -> None:
    parts = fragments(world("payment_fingerprint", "opening"), [np.arange(200, 220), LEFT, np.arange(400, 410), RIGHT])
    assert parts == [[0], [1, 3], [2]]
    assert fragments(world(), []) == []


def test_which_is_first_and_what_they_are_called_does_not_matter() -> None:
    found = world("payment_fingerprint", "opening")
    order = np.random.default_rng(2).permutation(UNITS)
    place = np.argsort(order)
    other = renumbered(found, order)
    assert fragments(other, [np.sort(place[RIGHT]), np.sort(place[LEFT])]) == [[0, 1]]


def network(shared_cards: int, outside_cards: int, seed: int = 5) -> Population:
    """Two groups of thirty on the same templates, whose members hold cards in pairs, some across the two groups.

    Args:
        shared_cards: pairs of a member of one group and one of the other who pay with one card.
        outside_cards: pairs of a member of either group and an outsider.
        seed: of the outsiders.
    """
    draw = np.random.default_rng(seed)
    both, outside = np.concatenate([LEFT, RIGHT]), np.arange(60, UNITS)
    across = np.stack([LEFT[:shared_cards], RIGHT[:shared_cards]], axis=1)
    beyond = np.stack([np.resize(both, outside_cards), draw.permutation(outside)[:outside_cards]], axis=1)
    strangers = draw.permutation(outside)[:100].reshape(-1, 2)
    return population(UNITS, {
        "payment_fingerprint": [*across.tolist(), *beyond.tolist(), *strangers.tolist()],
        "opening": [draw.choice(both, 40, replace=False) for _ in range(2)],
    })  # fmt: skip


def test_pieces_of_a_network_that_pay_together_in_pairs_are_one_hand() -> None:
    assert fragments(network(12, 0), [LEFT, RIGHT]) == [[0, 1]]


def test_a_few_cards_in_common_are_no_paying_together() -> None:
    assert fragments(network(4, 0), [LEFT, RIGHT]) == [[0], [1]]


def test_who_shares_cards_with_everybody_does_not_pay_with_another_group() -> None:
    assert fragments(network(12, 400), [LEFT, RIGHT]) == [[0], [1]]


def test_what_a_large_part_of_the_outsiders_hold_ties_nobody() -> None:
    """Both groups hold all that people hold, and that marks neither."""
    draw = np.random.default_rng(1)
    everybody = np.arange(UNITS)
    common = {
        name: [draw.choice(everybody, 200, replace=False) for _ in range(12)] for name in ("opening", "client_ip")
    }
    assert fragments(population(UNITS, common), [LEFT, RIGHT]) == [[0], [1]]


def one_program(*families: str) -> Population:
    """Two groups of thirty who have the same program: its wordings and its client, and what else is named."""
    draw = np.random.default_rng(4)
    both = np.concatenate([LEFT, RIGHT])
    own = [*shared_by(6, draw, LEFT), *shared_by(6, draw, RIGHT)]
    return population(UNITS, {
        name: [*own, *([draw.choice(both, 40, replace=False) for _ in range(2)] if name in families else [])]
        for name in ("payment_fingerprint", "opening", "client_stack")
    })  # fmt: skip


def test_users_of_one_program_are_not_one_hand() -> None:
    """What one program decides is one indicator, however many families it shows in."""
    assert fragments(one_program("opening", "client_stack"), [LEFT, RIGHT]) == [[0], [1]]
    assert fragments(one_program("opening", "client_stack", "payment_fingerprint"), [LEFT, RIGHT]) == [[0, 1]]
