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

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import logsumexp

from hydrometer.base.draws import generator
from hydrometer.base.families import FAMILY
from hydrometer.base.population import Population
from hydrometer.base.units import DECISION_DIGITS
from hydrometer.prove.urn import BETS, ORDERS, content_order, not_popular

KIN_FAMILY = "payment"
KIN_NATS = float(np.log(1_000.0))
"""ln e from which a candidate is kin: a hundred, times the ten pairs of candidates and operators of a usual run."""
STRANGE_NATS = -float(np.log(2.0))
"""ln e from which a part of a group counts as strangers: half as likely to be kin as not."""
STRANGERS_MAX = 0.5
"""Where more of a group than this looks strange, its parts are too small to be told apart, and none is."""
OBSERVED_MIN = 5
"""Members outside the proven group that must show a card before anything is said."""


def kin_nats(population: Population, operator: NDArray[np.int64], part: NDArray[np.int64], seed: int) -> float | None:
    """ln e of a candidate's holding an operator's cards; None where too few of its members show a card.

    Args:
        population: all units.
        operator: units of the proven group.
        part: units of the candidate, which must not have been formed by cards.
        seed: the run's seed, for the order in which the members are drawn.
    """
    family = FAMILY[KIN_FAMILY]
    layers = [population.layers[name] for name in family.layers if name in population.layers]
    if not layers:
        return None
    urn = np.logical_or.reduce([layer.observed for layer in layers]) & population.active
    urn[operator] = False
    members = np.setdiff1d(part, operator)
    members = members[urn[members]]
    if len(members) < OBSERVED_MIN:
        return None
    whole: sparse.csr_array = sparse.hstack([layer.held for layer in layers], format="csr")
    kept = not_popular(whole, population.units)
    held, entities = whole[:, kept].tocsr(), np.concatenate([layer.entities for layer in layers])[kept]
    own = np.bincount(held[operator].indices, minlength=held.shape[1]) > 0
    (strata,) = population.testing_strata(family)
    ordered, content = content_order(members, held, entities, strata)
    draw = generator(seed, "kinship", content)
    values = [
        _log_e(ordered[draw.permutation(len(ordered))], held, own, urn, strata, family.clumping) for _ in range(ORDERS)
    ]
    return float(logsumexp(np.sort(values)) - np.log(ORDERS))


def strangers_within(
    population: Population, group: NDArray[np.int64], parts: Sequence[NDArray[np.int64]], seed: int
) -> NDArray[np.int64]:
    """Units of those parts of a proven group that look less like kin of its rest than like strangers.

    Users of an editor whose sessions an operator replays stand in one community of wordings with its accounts; their
    cards tell them apart. They may still belong, as anybody else may who shares over two families.

    Args:
        population: all units.
        group: units of the group, formed without a look at cards.
        parts: its denser parts.
        seed: the run's seed.
    """
    strangers = [np.zeros(0, np.int64)]
    for part in parts:
        nats = kin_nats(population, np.setdiff1d(group, part), part, seed)
        if nats is not None and round(nats, DECISION_DIGITS) <= STRANGE_NATS:
            strangers.append(np.intersect1d(part, group))
    found = np.unique(np.concatenate(strangers))
    return found if len(found) <= STRANGERS_MAX * len(group) else strangers[0]


def _log_e(
    order: NDArray[np.int64],
    held: sparse.csr_array,
    own: NDArray[np.bool_],
    urn: NDArray[np.bool_],
    strata: NDArray[np.int64],
    clumping: float,
) -> float:
    """ln e of one order of drawing: a bet on each member; a hit by cards that were all seen before is no bet."""
    reached = (held @ own.astype(np.float64)) > 0
    count = int(strata.max()) + 1
    undrawn = np.bincount(strata[urn], minlength=count).astype(np.float64)
    open_hits = np.bincount(strata[urn & reached], minlength=count).astype(np.float64)
    bets, total = np.array(BETS), np.zeros(len(BETS))
    seen: set[int] = set()
    for unit in order.tolist():
        side = strata[unit]
        chance = open_hits[side] / undrawn[side]
        bounded = chance + clumping * (1.0 - chance)
        cards = {entity for entity in held.indices[held.indptr[unit] : held.indptr[unit + 1]].tolist() if own[entity]}
        if not reached[unit]:
            total += np.log1p(-bets)
        elif not cards <= seen:
            total += np.log((bounded + (1.0 - bounded) * bets) / bounded)
        seen |= cards
        undrawn[side] -= 1.0
        open_hits[side] -= float(reached[unit])
    return float(logsumexp(total) - np.log(len(BETS)))
