"""Several hands in one group: operators who word alike are found together, and pay apart.

A technique that works is copied, so that wordings alone cannot attribute. Within a group, accounts are put into blocks
by a family that is no card (wordings, addresses, sign-up days); of one operator's blocks any two hold the same cards as
often as each does within itself, of two operators' blocks hardly ever. Blocks that pay together are put together, every
member is asked which of the hands it is most like, and what still pays apart are several hands. Who holds which card
had no part in making the blocks. It decides who is listed together, not whether anybody is listed.
Source: mission row 38 (infrastructure alone cannot attribute); Holland, Laskey & Leinhardt 1983 (blocks).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.base.dense import content_keys, dense_parts, largest_first, rarities
from hydrometer.base.families import FAMILIES, FAMILY
from hydrometer.base.population import Population
from hydrometer.base.units import DECISION_DIGITS
from hydrometer.prove.kinship import KIN_FAMILY, Cards

VIEWS = {"text": False, "network": True, "signup": True}
"""Families by which blocks are made, one after the other, the first that shows several hands being taken; and whether
both of two hands must hold cards in common to be told apart: an operator may buy fresh cards for his second batch."""
RESOLUTIONS = (1.0, 2.0)
"""Of the modularity of blocks."""
BLOCK_UNITS, BLOCKS_MAX = 8, 500
"""The largest blocks are looked at; who is in no block is assigned like anybody else."""
COMMON = 0.9
"""What more of a group holds tells nobody in it apart."""
TOGETHER = 0.35
"""Blocks pay together from this part of what one hand's would, and two pairs of members at least."""
PAIRS_TOGETHER = 2.0
APART = 0.25
PAIRS_APART = 10.0
"""Two hands pay apart up to this part of what one hand's halves would, where those were to share ten pairs or more."""
TINY = 1e-9
ROUNDS = 6
"""Of assigning members to hands, at most."""
FAMILY_NATS = 3.0
"""Most that one family says of which hand a member is."""
DEPTH = 4
"""How often what was parted is parted again, at most."""


@dataclass(frozen=True, slots=True)
class Paying:
    """Who pays with whose cards among some parts of a group that have no unit in common.

    Attributes:
        parts: units of each.
        sizes: shape (parts,), units.
        pairs: shape (parts, parts), pairs of members that hold one card, between parts and, on the diagonal, within.
    """

    parts: tuple[NDArray[np.int64], ...]
    sizes: NDArray[np.float64]
    pairs: NDArray[np.float64]

    @classmethod
    def of(cls, held: sparse.csr_array, parts: Sequence[NDArray[np.int64]]) -> Paying:
        """The largest part first; `held` is (units × cards)."""
        known = largest_first(parts)
        chosen = held[np.concatenate(known)].astype(np.float64)
        sizes = np.array([len(part) for part in known])
        of = sparse.csr_array((np.ones(sizes.sum()), (np.repeat(np.arange(len(known)), sizes), np.arange(sizes.sum()))))
        holders = (of @ chosen).tocsr()
        pairs = np.asarray((holders @ holders.T).toarray())
        np.fill_diagonal(pairs, (pairs.diagonal() - np.asarray(holders.sum(axis=1)).ravel()) / 2.0)
        return cls(tuple(known), sizes.astype(np.float64), pairs)

    def usual(self, *, both: bool = False) -> NDArray[np.float64]:
        """Pairs that two parts of one hand would have between them; shape (parts, parts).

        Args:
            both: as frequent as within both of them, so none where one holds no card twice; else all pairs of the two
                spread evenly over their members.
        """
        within = np.diag(self.pairs)
        product = np.outer(self.sizes, self.sizes)
        if both:
            share = np.sqrt(2.0 * within / np.maximum(self.sizes * (self.sizes - 1.0), 1.0))
            return np.asarray(np.outer(share, share) * product)
        total = np.add.outer(self.sizes, self.sizes)
        return np.asarray((np.add.outer(within, within) + self.pairs) * 2.0 * product / (total * (total - 1.0)))

    def joined(self, one: int, other: int) -> Paying:
        """Two parts put together, in the place of the first."""
        rest = np.arange(len(self.parts)) != other
        pairs, sizes, parts = self.pairs.copy(), self.sizes.copy(), list(self.parts)
        within = pairs[one, one] + pairs[other, other] + pairs[one, other]
        pairs[one] += pairs[other]
        pairs[:, one] = pairs[one]
        pairs[one, one] = within
        sizes[one] += sizes[other]
        parts[one] = np.union1d(parts[one], parts[other])
        del parts[other]
        return Paying(tuple(parts), sizes[rest], pairs[np.ix_(rest, rest)])


def hands_of(population: Population, cards: Cards | None, units: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Units of a group, parted by hand, largest first; all of them in one part where nothing shows several.

    Who is like nobody else of the group is in no part.

    Args:
        population: all units.
        cards: who holds which card.
        units: shape (k,), the group, ascending.
    """
    return [units] if cards is None else _parted(population, cards, units, DEPTH)


def _parted(population: Population, cards: Cards, units: NDArray[np.int64], depth: int) -> list[NDArray[np.int64]]:
    for both, blocks in blocks_of(population, units) if depth else ():
        parts = apart(population, cards, units, blocks, both=both)
        if len(parts) > 1:
            return largest_first(hand for part in parts for hand in _parted(population, cards, part, depth - 1))
    return [units]


def blocks_of(population: Population, units: NDArray[np.int64]) -> Iterator[tuple[bool, list[NDArray[np.int64]]]]:
    """(whether both must hold cards in common, blocks) of each view and resolution in which there are two or more."""
    for view, both in VIEWS.items():
        layers = [population.layers[name] for name in FAMILY[view].layers if name in population.layers]
        graph = rarities(layers, units, COMMON * len(units))
        if graph is None:
            continue
        keys = content_keys(layers, population.units)
        for resolution in RESOLUTIONS:
            blocks = dense_parts(keys, graph, units, BLOCK_UNITS, resolution)[:BLOCKS_MAX]
            if len(blocks) > 1:
                yield both, blocks


def apart(
    population: Population,
    cards: Cards,
    units: NDArray[np.int64],
    blocks: Sequence[NDArray[np.int64]],
    *,
    both: bool,
) -> list[NDArray[np.int64]]:
    """Parts of a group that pay apart, by blocks of it; one part where there are none.

    Args:
        population: all units.
        cards: who holds which card.
        units: shape (k,), the group.
        blocks: parts of it that have no unit in common, made without a look at cards.
        both: whether both of two hands must hold cards in common to be told apart.
    """
    paying = paying_together(Paying.of(cards.held, blocks))
    first = int(np.argmax(paying.sizes))
    usual, pairs = paying.usual(both=both)[first], paying.pairs[first]
    others = (usual >= PAIRS_APART) & (pairs <= TOGETHER * usual)
    others[first] = False
    if not others.any():
        return [units]
    seeds = [paying.parts[first], *(paying.parts[number] for number in np.flatnonzero(others))]
    hands = [hand for hand in assigned(population, units, seeds) if len(hand) > 1]
    return list(merged(Paying.of(cards.held, hands), both=both).parts)


def paying_together(paying: Paying) -> Paying:
    """Blocks that pay together put together, those that do so most first."""
    while len(paying.parts) > 1:
        pairs = paying.pairs
        share = np.where(pairs >= PAIRS_TOGETHER, (pairs - 1.0) / np.maximum(paying.usual(), TINY), 0.0)
        one, other, best = most(share)
        if best <= TOGETHER:
            break
        paying = paying.joined(one, other)
    return paying


def merged(paying: Paying, *, both: bool) -> Paying:
    """Hands put together until any two pay apart.

    Args:
        paying: parts of one group.
        both: whether both of two hands must hold cards in common to be told apart, or one of them. Where they hold too
            few to be told, they are one hand then; else they stay two, since neither is shown to be anybody's.
    """
    while len(paying.parts) > 1:
        pairs, usual = paying.pairs, paying.usual(both=both)
        share = (pairs + 0.5) / (usual + 0.5)
        told = usual >= PAIRS_APART
        near = np.where(told, share > APART, both or (share > TOGETHER) & (pairs >= PAIRS_TOGETHER))
        one, other, best = most(np.where(near, share, 0.0))
        if best <= 0.0:
            break
        paying = paying.joined(one, other)
    return paying


def most(share: NDArray[np.float64]) -> tuple[int, int, float]:
    """(first, second, value) of the pair with the largest value; the first of equals.

    >>> most(np.array([[9.0, 1.0, 2.0], [1.0, 9.0, 2.0], [2.0, 2.0, 9.0]]))
    (0, 2, 2.0)
    """
    upper = np.round(np.triu(share, 1), DECISION_DIGITS)
    one, other = np.unravel_index(int(np.argmax(upper)), upper.shape)
    return int(one), int(other), float(upper[one, other])


def assigned(
    population: Population, units: NDArray[np.int64], seeds: Sequence[NDArray[np.int64]]
) -> list[NDArray[np.int64]]:
    """Every member of a group with the hand it is most like, over all families but cards.

    Learns from its own answers, each member left out of what it is compared with.

    Args:
        population: all units.
        units: shape (k,), the group, ascending.
        seeds: parts of it to begin with.
    """
    of = np.full(len(units), -1)
    for number, seed in enumerate(seeds):
        of[np.searchsorted(units, seed)] = number
    layers = [
        [population.layers[name] for name in family.layers if name in population.layers]
        for family in FAMILIES
        if family.name != KIN_FAMILY
    ]
    rare = [graph[units] for graph in (rarities(own, units, len(units)) for own in layers) if graph is not None]
    for _ in range(ROUNDS):
        total = np.zeros((len(units), len(seeds)))
        for held in rare:
            nats = _nats(held, of, len(seeds))
            total += np.maximum(nats - nats.max(axis=1, keepdims=True), -FAMILY_NATS)
        best = np.round(total, DECISION_DIGITS).argmax(axis=1)
        if np.array_equal(best, of):
            break
        of = best
    return [units[of == number] for number in range(len(seeds))]


def _nats(rare: sparse.csr_array, of: NDArray[np.int64], hands: int) -> NDArray[np.float64]:
    """ln of what a member shares with a member of each hand, in the mean; shape (members, hands).

    What anybody shares with any hand, in the mean, is added, so that to share nothing with a hand where hardly anybody
    shares says little.

    Args:
        rare: (members × things), each thing counting by its rarity.
        of: shape (members,), each one's hand, -1 = none yet.
        hands: number of hands.
    """
    known = np.flatnonzero(of >= 0)
    own = of[known]
    sizes = np.bincount(own, minlength=hands).astype(np.float64)
    chosen = sparse.csr_array((np.ones(len(known)), (own, known)), shape=(hands, len(of)))
    shared = (rare @ (chosen @ (rare > 0).astype(np.float64)).T).toarray() / np.maximum(sizes, 1.0)
    alone = np.asarray(rare.sum(axis=1)).ravel()[known]
    shared[known, own] = (shared[known, own] * sizes[own] - alone) / np.maximum(sizes[own] - 1.0, 1.0)
    return np.asarray(np.log(shared + shared.mean()))
