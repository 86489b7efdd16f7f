"""The urn e-value: do the members of a group share held-out entities more than strangers of their strata would?

Members are drawn in random order; a *hit* is a member that holds an entity which an earlier member holds. Under the
null the next profile is uniform over the stratum's undrawn profiles, so the probability of a hit is known exactly, and
each factor of the bet has mean 1: an e-value for any group size and any degrees. η > 0 allows for benign clumping.
Entities may be known before the first draw, those of units that are not in the urn: then a member that holds one is a
hit, too, and the chance of that is known as exactly.
Source: `statistics.md` section 2.1 (validity proved there; worked example and enumeration law in the tests).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import logsumexp

from hydrometer.base.draws import generator
from hydrometer.base.population import Layer

BETS = (0.1, 0.2, 0.4, 0.8)
ORDERS = 8
"""Bets θ and number of random orders that the e-value is averaged over (`statistics.md` section 2.1)."""
DEGREE_MIN = 400
DEGREE_SHARE = 0.02
DEGREE_SHARE_MAX = 0.1
"""Entities that more units hold than max(400, 2 % of them), or than a tenth of them, are left out: they only blur."""


@njit(cache=True, nogil=True)
def urn_draws(
    order: NDArray[np.int64],
    held: tuple[NDArray[np.int32], NDArray[np.int32]],
    holders: tuple[NDArray[np.int32], NDArray[np.int32]],
    stratum: NDArray[np.int64],
    eligible: NDArray[np.bool_],
    undrawn: NDArray[np.float64],
    known: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The draws of one order: exact chance of a hit before each draw, and whether it was one.

    Args:
        order: shape (k,), units in the order in which they are drawn; all eligible.
        held: (indptr, indices) of the units' entities.
        holders: (indptr, indices) of the entities' units.
        stratum: shape (units,), numbers from 0.
        eligible: shape (units,), units in the urn.
        undrawn: shape (strata,), eligible units of each stratum; R_s, counted down here.
        known: shape (entities,), entities that are seen before the first draw.

    Returns:
        shape (k,), p_t = Q_s / R_s, and shape (k,), hits.
    """
    chance, hit = np.zeros(len(order)), np.zeros(len(order), np.bool_)
    reached_in = np.zeros(len(undrawn))  # Q_s
    reached, drawn = np.zeros(len(stratum), np.bool_), np.zeros(len(stratum), np.bool_)
    seen = known.copy()
    for entity in np.flatnonzero(known):
        for other in holders[1][holders[0][entity] : holders[0][entity + 1]]:
            if eligible[other] and not reached[other]:
                reached[other] = True
                reached_in[stratum[other]] += 1.0
    for position in range(len(order)):
        unit = order[position]
        side = stratum[unit]
        chance[position] = reached_in[side] / undrawn[side]
        hit[position] = reached[unit]
        undrawn[side] -= 1.0
        if reached[unit]:
            reached_in[side] -= 1.0
        drawn[unit] = True
        for entity in held[1][held[0][unit] : held[0][unit + 1]]:
            if seen[entity]:
                continue
            seen[entity] = True
            for other in holders[1][holders[0][entity] : holders[0][entity + 1]]:
                if eligible[other] and not drawn[other] and not reached[other]:
                    reached[other] = True
                    reached_in[stratum[other]] += 1.0
    return chance, hit


def urn_log_e(
    order: NDArray[np.int64],
    held: sparse.csr_array,
    stratum: NDArray[np.int64],
    eligible: NDArray[np.bool_],
    clumping: float,
    bets: tuple[float, ...] = BETS,
    known: NDArray[np.bool_] | None = None,
) -> float:
    """Natural log of the urn e-value for one order of drawing.

    Args:
        order: shape (k,), units in the order in which they are drawn; all eligible.
        held: (units × entities) incidence of the held-out family.
        stratum: shape (units,), numbers from 0.
        eligible: shape (units,), units whose family is observed; only they are in the urn.
        clumping: η, the benign clumping rate.
        bets: the bets θ.
        known: shape (entities,), entities that are seen before the first draw; by default none.

    Returns:
        ln e, averaged over bets; higher = more like one operator.
    """
    holders = held.T.tocsr()
    undrawn = np.bincount(stratum[eligible], minlength=int(stratum.max()) + 1).astype(np.float64)
    before = np.zeros(held.shape[1], np.bool_) if known is None else known
    drawn = urn_draws(order, _rows(held), _rows(holders), stratum, eligible, undrawn, before)
    return _log_e(*drawn, clumping, bets, first=not before.any())


def _rows(matrix: sparse.csr_array) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    return matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32)


def _log_e(
    chance: NDArray[np.float64], hit: NDArray[np.bool_], clumping: float, bets: tuple[float, ...], *, first: bool
) -> float:
    """ln of the mean over bets of the product of factors; the first member and impossible hits have factor 1.

    Args:
        chance: shape (k,), exact chance of each hit.
        hit: shape (k,), hits.
        clumping: η.
        bets: the bets θ.
        first: whether nothing was seen before the first member, which then cannot be a hit.
    """
    bounded = chance + clumping * (1.0 - chance)
    counts = bounded > 0.0
    if first:
        counts[:1] = False
    p, was, theta = bounded[counts], hit[counts], np.array(bets)[:, None]
    factors = np.where(was, np.log((p + (1.0 - p) * theta) / p), np.log1p(-theta))
    return float(logsumexp(factors.sum(axis=1)) - np.log(len(bets)))


def not_popular(held: sparse.csr_array, units: int) -> NDArray[np.bool_]:
    """Which entities are looked at: those that not too many of all units hold; shape (entities,)."""
    degree = np.asarray(held.astype(np.int64).sum(axis=0)).ravel()
    return degree <= min(max(DEGREE_MIN, DEGREE_SHARE * units), DEGREE_SHARE_MAX * units)


def looked_at(layers: Sequence[Layer]) -> tuple[sparse.csr_array, NDArray[np.int64]]:
    """(units × entities) of some layers, without the entities that too many hold, and the entities' hashes."""
    whole: sparse.csr_array = sparse.hstack([layer.held for layer in layers], format="csr")
    kept = not_popular(whole, whole.shape[0])
    return whole[:, kept].tocsr(), np.concatenate([layer.entities for layer in layers])[kept]


def content_order(
    members: NDArray[np.int64], held: sparse.csr_array, entities: NDArray[np.int64], stratum: NDArray[np.int64]
) -> tuple[NDArray[np.int64], bytes]:
    """Members ordered by stratum and by what they hold, never by name or position, and that content as bytes.

    Strata are numbered by their labels, so that their numbers are content, too. Members with the same profile in one
    stratum are exchangeable, so that ties do not matter.
    """
    own = held[members]
    own.sort_indices()
    sides, things = stratum[members].tobytes(), entities[own.indices].tobytes()
    side, edges = stratum.itemsize, (own.indptr.astype(np.int64) * entities.itemsize).tolist()
    profiles = [
        sides[side * place : side * (place + 1)] + things[edges[place] : edges[place + 1]]
        for place in range(len(members))
    ]
    order = sorted(range(len(members)), key=lambda place: profiles[place])
    return members[order], b"".join(profiles[place] for place in order)


def group_log_e(
    members: NDArray[np.int64],
    held: sparse.csr_array,
    entities: NDArray[np.int64],
    stratum: NDArray[np.int64],
    eligible: NDArray[np.bool_],
    *,
    clumping: float,
    seed: int,
    stage: str,
    known: NDArray[np.bool_] | None = None,
    holders: sparse.csr_array | None = None,
) -> float:
    """ln e of a group on one held-out family, averaged over `ORDERS` random orders keyed by the group's content.

    Args:
        members: shape (k,), the group's units.
        held: (units × e) incidence.
        entities: shape (e,), hashes of the entities.
        stratum: shape (units,).
        eligible: shape (units,), units in the urn.
        clumping: η of the family.
        seed: the run's seed.
        stage: name of the test, part of the key of the random numbers.
        known: shape (e,), entities that are seen before the first draw; by default none.
        holders: `held` transposed, where it is known.
    """
    present = members[eligible[members]]
    before = np.zeros(held.shape[1], np.bool_) if known is None else known
    if len(present) <= 1 and not before.any():
        return 0.0
    ordered, content = content_order(present, held, entities, stratum)
    draw = generator(seed, stage, content)
    rows, columns = _rows(held), _rows(held.T.tocsr() if holders is None else holders)
    in_urn = np.bincount(stratum[eligible], minlength=int(stratum.max()) + 1).astype(np.float64)
    values = [
        _log_e(
            *urn_draws(
                ordered[draw.permutation(len(ordered))], rows, columns, stratum, eligible, in_urn.copy(), before
            ),
            clumping,
            BETS,
            first=not before.any(),
        )
        for _ in range(ORDERS)
    ]
    return float(logsumexp(np.sort(values)) - np.log(ORDERS))
