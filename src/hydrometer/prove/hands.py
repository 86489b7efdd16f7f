"""Who belongs to each candidate: the founders alone, or, where one hand is shown, all who share what marks it.

A candidate that is proven by itself first loses the parts that its cards show to be strangers (`prove/kinship.py`);
candidates that pay with its cards found it, too; fragments of one operator are put together (`prove/fragments.py`); and
every unit is asked whether it belongs (`prove/membership.py`). H2 has no part in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.groups import Group
from hydrometer.base.population import Population
from hydrometer.base.units import decide
from hydrometer.prove.candidates import INFRASTRUCTURE
from hydrometer.prove.fragments import fragments
from hydrometer.prove.kinship import KIN_NATS, Cards, kin_nats, strangers_within
from hydrometer.prove.membership import Membership, columns, enlarge, founding
from hydrometer.prove.several import hands_of

JOININGS = 8
"""Fragments are joined by their founders first, then by those who belong to them, until no two are joined any more;
eight times at most."""
OF_ONE_HAND = 0.9
"""A candidate of a parted group speaks for a hand when this part of its founders are of it."""


@dataclass(frozen=True, slots=True)
class Hand:
    """One of several hands that a group was parted into.

    Attributes:
        founders: shape (k,), units.
        of: the membership that was parted.
        candidates: candidates that are counted with it → whether they speak for it; all others were of the group.
    """

    founders: NDArray[np.int64]
    of: Membership
    candidates: Mapping[int, bool]


def members_of(
    population: Population,
    cards: Cards | None,
    sets: Sequence[tuple[Group, ...]],
    proven: Sequence[bool],
    seed: int,
) -> list[Membership]:
    """The membership of each candidate; candidates that are one hand together have the same one.

    Args:
        population: all units.
        cards: who holds which card.
        sets: the candidates.
        proven: whether one hand is shown.
        seed: the run's seed.
    """
    by_behaviour = [all(group.side != INFRASTRUCTURE for group in matched) for matched in sets]
    core = cores(cards, sets, proven, seed)
    return belonging(population, core, proven, kin_of(cards, core, proven, by_behaviour, seed))


def parted(
    population: Population,
    cards: Cards | None,
    founders: Sequence[NDArray[np.int64]],
    proven: Sequence[bool],
    memberships: Sequence[Membership],
) -> list[Hand]:
    """The hands of all groups in which there are several.

    Args:
        population: all units.
        cards: who holds which card.
        founders: units of each candidate.
        proven: whether one hand is shown.
        memberships: who belongs to each candidate.
    """
    wholes: dict[int, list[int]] = {}
    for number, sure in enumerate(proven):
        if sure:
            wholes.setdefault(id(memberships[number]), []).append(number)
    result: list[Hand] = []
    for numbers in wholes.values():
        whole = memberships[numbers[0]]
        hands = hands_of(population, cards, united([whole.units, whole.likely]))
        if len(hands) < 2:
            continue
        counted: list[dict[int, bool]] = [{} for _ in hands]
        for number in numbers:
            inside = [len(np.intersect1d(founders[number], hand)) for hand in hands]
            best = int(np.argmax(inside))
            counted[best][number] = inside[best] >= OF_ONE_HAND * max(sum(inside), 1)
        result += [Hand(hand, whole, of) for hand, of in zip(hands, counted, strict=True)]
    return result


def belonging_to(population: Population, hands: Sequence[Hand], proven: Sequence[bool]) -> list[Membership]:
    """Who belongs to each of several hands: nobody who founded another hand of the same group.

    Those are no strangers either, who would make the group's wordings look like anybody's.

    Args:
        population: all units.
        hands: see `parted`.
        proven: whether each is shown to be one hand.
    """
    families = columns(population) if any(proven) else {}
    result: list[Membership] = []
    for hand, sure in zip(hands, proven, strict=True):
        if not sure:
            result.append(founding(hand.founders))
            continue
        others = np.zeros(population.units, np.bool_)
        for other in hands:
            if other.of is hand.of and other is not hand:
                others[other.founders] = True
        without = {name: replace(family, observed=family.observed & ~others) for name, family in families.items()}
        result.append(enlarge(population, without, hand.founders, population.declared | others))
    return result


def tied_over_two(
    operator: Sequence[float | None], proven: Sequence[bool], memberships: Sequence[Membership]
) -> tuple[list[float | None], list[bool]]:
    """H1 and whether it is proven, as long as somebody is tied to the group over two families: never by one alone."""
    alone = [sure and not one.tied for one, sure in zip(memberships, proven, strict=True)]
    values = [
        min(value, 0.0) if value is not None and only else value for value, only in zip(operator, alone, strict=True)
    ]
    return values, [sure and not only for sure, only in zip(proven, alone, strict=True)]


def cores(
    cards: Cards | None, sets: Sequence[tuple[Group, ...]], proven: Sequence[bool], seed: int
) -> list[NDArray[np.int64]]:
    """Units of each candidate that are to found its membership: all, but for parts that its cards show to be strangers.

    Only a group that is proven and was formed without a look at cards can be asked that.
    """
    result: list[NDArray[np.int64]] = []
    for matched, sure in zip(sets, proven, strict=True):
        kept = [
            np.setdiff1d(group.members, strangers_within(cards, group.members, group.parts, seed))
            if sure and group.side != INFRASTRUCTURE
            else group.members
            for group in matched
        ]
        result.append(np.unique(np.concatenate(kept)))
    return result


def kin_of(
    cards: Cards | None,
    founders: Sequence[NDArray[np.int64]],
    proven: Sequence[bool],
    by_behaviour: Sequence[bool],
    seed: int,
) -> dict[int, int]:
    """Candidate → the proven one, another than itself, whose kin it is by the largest e-value; see `prove/kinship.py`.

    Args:
        cards: of all units.
        founders: units of each candidate.
        proven: whether one hand is shown.
        by_behaviour: whether it was formed without a look at cards; only such a candidate can be tested by them.
        seed: the run's seed.
    """
    sure = [number for number, known in enumerate(proven) if known]
    result: dict[int, int] = {}
    for number, part in enumerate(founders):
        if not by_behaviour[number]:
            continue
        found = [(kin_nats(cards, founders[hand], part, seed), hand) for hand in sure if hand != number]
        best = max(((decide(nats), -hand) for nats, hand in found if nats is not None), default=None)
        if best is not None and best[0] >= decide(KIN_NATS):
            result[number] = -best[1]
    return result


def belonging(
    population: Population, founders: Sequence[NDArray[np.int64]], proven: Sequence[bool], kin: Mapping[int, int]
) -> list[Membership]:
    """Who belongs to each candidate: the founders alone, or, where one hand is shown, all who share what marks it.

    Fragments of one operator (found by language, by card) get the membership of the whole. Kin are founders of the
    operator whose kin they are; one that is not proven by itself stays so as a candidate.
    """
    result = [founding(units) for units in founders]
    sure = [number for number, known in enumerate(proven) if known]
    hands = [
        united([founders[number], *(founders[part] for part, hand in kin.items() if hand == number)]) for number in sure
    ]
    place = list(range(len(sure)))
    families = columns(population) if sure else {}
    worked_out: dict[bytes, Membership] = {}
    for joining in range(JOININGS):
        parts = fragments(population, hands)
        apart = len(parts) == len(hands)
        founding_units = [united([hands[hand] for hand in part]) for part in parts]
        for units in founding_units:
            if units.tobytes() not in worked_out:
                worked_out[units.tobytes()] = enlarge(population, families, units, population.declared)
        wholes = [worked_out[units.tobytes()] for units in founding_units]
        hands = [whole.likely for whole in wholes]
        part_of = {hand: number for number, part in enumerate(parts) for hand in part}
        place = [part_of[hand] for hand in place]
        if apart and joining:
            break
    for number, hand in zip(sure, place, strict=True):
        result[number] = wholes[hand]
    return result


def united(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Units of any of some parts, ascending."""
    return np.unique(np.concatenate(parts))
