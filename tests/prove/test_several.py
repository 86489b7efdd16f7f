"""Several hands in one group: two who word alike and pay apart are two, one who words in two ways is one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.prove.made import Holders, case, population, renumbered, shared_by

from hydrometer.base.population import Population
from hydrometer.base.workspace import Workspace
from hydrometer.prove.hands import belonging_to, parted
from hydrometer.prove.kinship import Cards
from hydrometer.prove.membership import columns, enlarge, founding
from hydrometer.prove.several import Paying, hands_of, merged, paying_together
from hydrometer.prove.tests import urn_families

UNITS = 1_600
LEFT, RIGHT = np.arange(120), np.arange(120, 220)
GROUP = np.arange(220)
STRANGERS = np.arange(300, UNITS)


def worded(draw: np.random.Generator, *styles: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Phrases that the whole group uses, and others that only those of one style do."""
    common = [draw.choice(GROUP, 80, replace=False) for _ in range(6)]
    own = [draw.choice(style, len(style) // 3, replace=False) for style in styles for _ in range(6)]
    return [*common, *own, *(draw.choice(STRANGERS, 15, replace=False) for _ in range(40))]


def world(seed: int, paying: Sequence[NDArray[np.int64]], *more: tuple[str, Holders], size: int = 4) -> Population:
    """The group in two styles; each of `paying` on cards of its own, and households of two elsewhere."""
    draw = np.random.default_rng(seed)
    cards = [card for part in paying for card in shared_by(size, draw, part)]
    homes = shared_by(2, draw, draw.choice(STRANGERS, 300, replace=False))
    return population(
        UNITS, {"payment_fingerprint": [*cards, *homes], "opening": worded(draw, LEFT, RIGHT), **dict(more)}
    )


def hands(found: Population, group: NDArray[np.int64] = GROUP) -> list[NDArray[np.int64]]:
    """The hands of a group."""
    return hands_of(found, Cards.of(found), group)


def agreement(found: Sequence[NDArray[np.int64]], true: Sequence[NDArray[np.int64]]) -> float:
    """Share of units whose part is mostly of their own."""
    return float(np.mean([max(np.isin(one, part).mean() for part in found) for one in true]))


@pytest.mark.parametrize("seed", range(4))
def test_two_who_word_alike_and_pay_apart_are_two_hands(seed: int) -> None:
    found = hands(world(seed, [LEFT, RIGHT]))
    assert len(found) == 2 and agreement(found, [LEFT, RIGHT]) > 0.9
    assert np.array_equal(np.sort(np.concatenate(found)), GROUP)


@pytest.mark.parametrize("seed", range(8))
def test_one_who_words_in_two_ways_and_pays_with_the_same_cards_is_one(seed: int) -> None:
    assert len(hands(world(seed, [GROUP]))) == 1
    assert len(hands(world(seed, [GROUP], size=2))) == 1


@pytest.mark.parametrize("seed", range(8))
def test_of_one_hand_whose_cards_are_mostly_fresh_no_part_is_told_apart(seed: int) -> None:
    draw = np.random.default_rng(seed)
    assert len(hands(world(seed, [np.sort(draw.choice(GROUP, 60, replace=False))]))) == 1


def test_without_cards_or_with_cards_that_nobody_shares_nothing_is_said() -> None:
    draw = np.random.default_rng(1)
    assert len(hands(population(UNITS, {"opening": worded(draw, LEFT, RIGHT)}))) == 1
    assert len(hands(world(1, []))) == 1


def test_people_who_word_alike_and_share_no_card_stand_apart_from_who_does() -> None:
    """Users of the editor that an operator replays: they are no hand, and no part of one."""
    found = hands(world(3, [LEFT]))
    assert len(found) == 2 and agreement(found, [LEFT, RIGHT]) > 0.9


def test_the_e_value_of_people_who_were_parted_off_has_mean_one_at_most(workspace: Workspace) -> None:
    """People on households' cards beside an operator: what parted them looked at cards, what tests them does, too."""
    values = list[float]()
    for seed in range(60):
        draw = np.random.default_rng(seed)
        people = np.concatenate([RIGHT, STRANGERS])
        homes = shared_by(2, draw, draw.choice(people, 500, replace=False))
        cards = [*shared_by(4, draw, LEFT), *homes]
        found = population(UNITS, {"payment_fingerprint": cards, "opening": worded(draw, LEFT, RIGHT)})
        for hand in hands(found)[1:]:
            one = urn_families.judge(case(workspace, hand.tolist(), everyone=found, side="all but cards"))
            values.append(float(np.exp(one.log_e or 0.0)))
    assert len(values) >= 50 and float(np.mean(values)) <= 1.0


def test_days_of_sign_up_tell_apart_only_who_pays_within_himself() -> None:
    """One wording, two sign-up batches: two hands if both share cards, one if the second bought fresh ones."""
    batches: tuple[str, Holders] = (
        "signup_day",
        [LEFT[:60], LEFT[60:], RIGHT[:50], RIGHT[50:], *np.split(STRANGERS, 20)],
    )
    draw = np.random.default_rng(4)
    alike = [draw.choice(GROUP, 80, replace=False) for _ in range(12)]

    def paid(*parts: NDArray[np.int64]) -> Population:
        cards = [card for part in parts for card in shared_by(4, draw, part)]
        return population(UNITS, {"payment_fingerprint": cards, "opening": alike, **dict([batches])})

    found = hands(paid(LEFT, RIGHT))
    assert len(found) == 2 and agreement(found, [LEFT, RIGHT]) > 0.9
    assert len(hands(paid(LEFT))) == 1


def test_names_do_not_matter() -> None:
    found = world(2, [LEFT, RIGHT])
    order = np.random.default_rng(5).permutation(UNITS)
    place = np.argsort(order)
    again = hands(renumbered(found, order), np.sort(place[GROUP]))
    assert {tuple(np.sort(order[part]).tolist()) for part in again} == {tuple(part.tolist()) for part in hands(found)}


def test_pairs_are_counted_within_and_between() -> None:
    found = population(600, {"payment_fingerprint": [[0, 1, 3], [4, 5], [2]]})
    cards = Cards.of(found)
    assert cards is not None
    paying = Paying.of(cards.held, [np.array([0, 1, 2]), np.array([3, 4, 5])])
    assert paying.pairs.tolist() == [[1.0, 2.0], [2.0, 1.0]]
    assert paying.usual()[0, 1] == pytest.approx(4.0 * 9.0 / 15.0)
    assert paying.usual(both=True)[0, 1] == pytest.approx(9.0 * np.sqrt((1 / 3) * (1 / 3)))
    assert paying_together(paying).parts[0].tolist() == list(range(6))
    assert merged(paying, both=False).parts[0].tolist() == merged(paying, both=True).parts[0].tolist() == list(range(6))


def test_parts_too_small_to_be_told_stay_apart_only_where_one_hand_may_be_none() -> None:
    found = population(600, {"payment_fingerprint": [[0, 1], [2, 3]]})
    cards = Cards.of(found)
    assert cards is not None
    paying = Paying.of(cards.held, [np.array([0, 1, 2, 3]), np.array([4, 5, 6])])
    assert len(merged(paying, both=False).parts) == 2
    assert len(merged(paying, both=True).parts) == 1


def test_a_hand_is_told_by_its_own_candidates_and_by_no_mixed_one() -> None:
    found = world(1, [LEFT, RIGHT])
    whole = enlarge(found, columns(found), GROUP, found.declared)
    one, other = parted(found, Cards.of(found), [GROUP, LEFT, RIGHT[:40]], [True, True, True], [whole] * 3)
    assert one.candidates == {0: False, 1: True} and other.candidates == {2: True}
    assert one.of is other.of is whole
    assert parted(found, Cards.of(found), [GROUP], [False], [whole]) == []


def test_who_founded_another_hand_is_no_member_and_no_stranger() -> None:
    found = world(1, [LEFT, RIGHT])
    whole = enlarge(found, columns(found), GROUP, found.declared)
    both = parted(found, Cards.of(found), [GROUP], [True], [whole])
    left, right = belonging_to(found, both, [True, True])
    assert not np.intersect1d(left.units, right.units).size
    assert np.isin(left.units, LEFT).mean() > 0.9 and np.isin(LEFT, left.units).mean() > 0.6
    assert belonging_to(found, both, [True, False])[1].units.tolist() == founding(both[1].founders).units.tolist()
