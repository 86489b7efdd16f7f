"""Kinship: who pays with a proven operator's cards, and who within a proven group does not.

A candidate formed by its wordings in one language often shares too little within itself, while many of its members hold
cards of a group that is proven; and users of an editor whose sessions an operator replays stand in one group with it,
but hold none. Under the null a candidate's cards are those of any units of its strata outside the operator, so that
each member's chance of holding one of the operator's cards is known exactly: an e-value. A card that several members
hold counts once, because a household may hold one card together. Cards alone: two builders may rent one proxy network.
Source: `statistics.md` section 2.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import logsumexp

from hydrometer.base.draws import generator
from hydrometer.base.families import FAMILY
from hydrometer.base.likeness import compressed
from hydrometer.base.population import Population
from hydrometer.base.units import DECISION_DIGITS
from hydrometer.prove.urn import BETS, ORDERS, content_order, looked_at

KIN_FAMILY = "payment"
KIN_NATS = float(np.log(1_000.0))
"""ln e from which a candidate is kin: a hundred, times the ten pairs of candidates and operators of a usual run."""
STRANGE_NATS = -float(np.log(2.0))
"""ln e from which a part of a group counts as strangers: half as likely to be kin as not."""
STRANGERS_MAX = 0.5
"""Where more of a group than this looks strange, its parts are too small to be told apart, and none is."""
OBSERVED_MIN = 5
"""Members outside the proven group that must show a card before anything is said."""


@dataclass(frozen=True, slots=True, eq=False)
class Cards:
    """Who holds which card, worked out once for all groups.

    Attributes:
        population: all units.
        shown: shape (units,), active units that show any card.
        held: (units × cards), without cards that too many hold.
        entities: shape (cards,), hashes.
    """

    population: Population
    shown: NDArray[np.bool_]
    held: sparse.csr_array
    entities: NDArray[np.int64]

    @classmethod
    def of(cls, population: Population) -> Cards | None:
        """The cards of a population; None where it has none."""
        layers = [population.layers[name] for name in FAMILY[KIN_FAMILY].layers if name in population.layers]
        if not layers:
            return None
        shown = np.logical_or.reduce([layer.observed for layer in layers]) & population.active
        return cls(population, shown, *looked_at(layers))


def kin_nats(cards: Cards | None, operator: NDArray[np.int64], part: NDArray[np.int64], seed: int) -> float | None:
    """ln e of a candidate's holding an operator's cards; None where too few of its members show a card.

    Args:
        cards: of all units.
        operator: units of the proven group.
        part: units of the candidate, which must not have been formed by cards.
        seed: the run's seed, for the order in which the members are drawn.
    """
    if cards is None:
        return None
    family, held = FAMILY[KIN_FAMILY], cards.held
    urn = cards.shown.copy()
    urn[operator] = False
    members = np.setdiff1d(part, operator)
    members = members[urn[members]]
    if len(members) < OBSERVED_MIN:
        return None
    own = np.bincount(held[operator].indices, minlength=held.shape[1]) > 0
    reached = (held @ own.astype(np.float64)) > 0
    (strata,) = cards.population.testing_strata(family)
    in_urn = [np.bincount(strata[chosen], minlength=int(strata.max()) + 1) for chosen in (urn, urn & reached)]
    sides = (strata, in_urn[0].astype(np.float64), in_urn[1].astype(np.float64))
    ordered, content = content_order(members, held, cards.entities, strata)
    draw = generator(seed, "kinship", content)
    rows = compressed(held)
    orders = [ordered[draw.permutation(len(ordered))] for _ in range(ORDERS)]
    totals = [bets_won(order, rows, own, reached, sides, family.clumping) for order in orders]
    values = logsumexp(np.stack(totals), axis=1) - np.log(len(BETS))
    return float(logsumexp(np.sort(values)) - np.log(ORDERS))


def strangers_within(
    cards: Cards | None, group: NDArray[np.int64], parts: Sequence[NDArray[np.int64]], seed: int
) -> NDArray[np.int64]:
    """Units of those parts of a proven group that look less like kin of its rest than like strangers.

    Users of an editor whose sessions an operator replays stand in one community of wordings with its accounts; their
    cards tell them apart. Where cards do not tie the rest either, nobody pays with anybody's, and that says nothing of
    one part. Strangers may still belong, as anybody else may who shares over two families.

    Args:
        cards: of all units.
        group: units of the group, formed without a look at cards.
        parts: its denser parts.
        seed: the run's seed.
    """
    strangers = [np.zeros(0, np.int64)]
    for part in parts:
        nats = kin_nats(cards, np.setdiff1d(group, part), part, seed)
        if nats is not None and round(nats, DECISION_DIGITS) <= STRANGE_NATS:
            strangers.append(np.intersect1d(part, group))
    found = np.unique(np.concatenate(strangers))
    if cards is None or len(found) > STRANGERS_MAX * len(group):
        return strangers[0]
    return found if tied(cards, np.setdiff1d(group, found), seed) else strangers[0]


def tied(cards: Cards, units: NDArray[np.int64], seed: int) -> bool:
    """Whether cards tie some units to each other: one half of them, drawn at random, looks like kin of the other."""
    (strata,) = cards.population.testing_strata(FAMILY[KIN_FAMILY])
    ordered, content = content_order(units, cards.held, cards.entities, strata)
    drawn = generator(seed, "kinship halves", content).permutation(len(ordered))
    one, other = ordered[drawn[::2]], ordered[drawn[1::2]]
    nats = kin_nats(cards, np.sort(one), np.sort(other), seed)
    return nats is not None and round(nats, DECISION_DIGITS) > 0.0


@njit(cache=True, nogil=True)
def bets_won(
    order: NDArray[np.int64],
    held: tuple[NDArray[np.int32], NDArray[np.int32]],
    own: NDArray[np.bool_],
    reached: NDArray[np.bool_],
    urn: tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]],
    clumping: float,
) -> NDArray[np.float64]:
    """ln of what each bet of `BETS` has become after one order of drawing.

    There is a bet on each member; a hit by cards that were all seen before is no bet.

    Args:
        order: shape (k,), units in the order in which they are drawn.
        held: (indptr, indices), the cards of each unit.
        own: shape (cards,), the operator's cards.
        reached: shape (units,), units that hold one of them.
        urn: stratum of each unit, and for each stratum the units in the urn and those of them that are reached.
        clumping: η, the benign clumping rate.
    """
    strata, undrawn, open_hits = urn[0], urn[1].copy(), urn[2].copy()
    total, seen = np.zeros(len(BETS)), np.zeros(len(own), np.bool_)
    for unit in order:
        side = strata[unit]
        chance = open_hits[side] / undrawn[side]
        bounded = chance + clumping * (1.0 - chance)
        fresh = False
        for card in held[1][held[0][unit] : held[0][unit + 1]]:
            if own[card] and not seen[card]:
                fresh = seen[card] = True
        for number, bet in enumerate(BETS):
            if not reached[unit]:
                total[number] += np.log1p(-bet)
            elif fresh:
                total[number] += np.log((bounded + (1.0 - bounded) * bet) / bounded)
        undrawn[side] -= 1.0
        if reached[unit]:
            open_hits[side] -= 1.0
    return total
