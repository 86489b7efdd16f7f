"""How much sharing one entity says: its weight, learned from what its holders share elsewhere in the same half.

A CGNAT address, a prepaid batch or an IDE's prompt is shared by strangers; its holders share nothing else beyond what
their regions explain, so its weight is about 0. The holders of an operator's proxy also share cards or configurations.
E is the exact expectation of the bipartite configuration model with fixed degrees per stratum. The posterior mean of
the log rate is a lift, not yet a likelihood ratio. Source: `statistics.md` section 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import digamma

from hydrometer.base.families import FAMILY
from hydrometer.base.population import FormingHalf, Layer
from hydrometer.base.units import DECISION_DIGITS

CLASS_SHAPE = 1.0
CLASS_RATE = 1.0
"""Gamma(a, b) prior of an entity's lift (`statistics.md` section 1: a = b = 1)."""
PRIOR_GROUP = 200.0
PRIOR_SHARE = 0.1
"""Accounts of a typical operator, for the prior of a pair (`statistics.md` section 1): 200, in a small log a tenth."""
BLOCK = 4096
"""Entities whose co-occurrence is counted at once; bounds memory."""


def prior_log_odds(units: int) -> float:
    """−logit π₀: the most that one pair may gain, with one typical operator among `units`.

    >>> round(prior_log_odds(100_000), 1)
    12.4
    """
    size = max(2.0, min(PRIOR_GROUP, PRIOR_SHARE * units))
    pairs = size * (size - 1.0)
    share = min(0.5, pairs / max(pairs, units * max(units - 1.0, 1.0)))
    return float(np.log((1.0 - share) / share))


def pair_rate(layer: sparse.csr_array, strata: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """κ: probability that a link of stratum s and one of stratum t end in the same entity, links dealt at random.

    Args:
        layer: (units × entities) incidence.
        strata: shape (units,).
        count: number of strata S.

    Returns:
        shape (S, S).
    """
    sides = sparse.csr_array((np.ones(len(strata)), (strata, np.arange(len(strata)))), shape=(count, len(strata)))
    degree = sides @ layer.astype(np.float64)  # (S, entities), sparse; whole numbers
    stubs = np.asarray(degree.sum(axis=1)).ravel()  # (S,)
    together = (degree @ degree.T).toarray() - np.diag(stubs)
    possible = np.outer(stubs, stubs) - np.diag(stubs)
    rate: NDArray[np.float64] = np.divide(together, possible, out=np.zeros_like(together), where=possible > 0)
    return rate


def expected_pairs(
    members: sparse.csr_array, other: sparse.csr_array, strata: NDArray[np.int64]
) -> NDArray[np.float64]:
    """E: expected number of coincident link pairs among each entity's holders, under the configuration model.

    Args:
        members: (entities × units), holders of each entity.
        other: (units × entities of another family).
        strata: shape (units,).

    Returns:
        shape (entities,).
    """
    count = int(strata.max()) + 1 if len(strata) else 1
    rate = pair_rate(other, strata, count)
    links = np.asarray(other.astype(np.float64).sum(axis=1)).ravel()  # (units,)
    side = sparse.csr_array((links, (np.arange(len(strata)), strata)), shape=(len(strata), count))
    held = (members.astype(np.float64) @ side).toarray()  # (entities, S)
    own = members.astype(np.float64) @ (links**2 * rate[strata, strata])
    return np.asarray(0.5 * (np.einsum("es,st,et->e", held, rate, held) - own))


def observed_pairs(members: sparse.csr_array, other: sparse.csr_array) -> NDArray[np.float64]:
    """O: number of coincident link pairs among each entity's holders, Σ_f C(x_f, 2)."""
    totals = np.zeros(members.shape[0])
    counts = other.astype(np.float64)
    for start in range(0, members.shape[0], BLOCK):
        shared = members[start : start + BLOCK].astype(np.float64) @ counts
        shared.data = shared.data * (shared.data - 1.0) / 2.0
        totals[start : start + BLOCK] = np.asarray(shared.sum(axis=1)).ravel()
    return totals


def weight_nats(observed: NDArray[np.float64], expected: NDArray[np.float64], cap: float) -> NDArray[np.float64]:
    """Posterior mean of the log lift, between 0 and `cap`.

    >>> float(weight_nats(np.array([1.0]), np.array([0.714286]), 9.0)[0])
    0.0
    """
    lift: NDArray[np.float64] = digamma(observed + CLASS_SHAPE) - np.log(expected + CLASS_RATE)
    rounded: NDArray[np.float64] = np.round(lift, DECISION_DIGITS)
    return np.clip(rounded, 0.0, cap)


def stacked(layers: tuple[Layer, ...]) -> sparse.csr_array:
    """Incidence of a whole family: the layers side by side."""
    return sparse.hstack([layer.held for layer in layers], format="csr")


def entity_weights(half: FormingHalf) -> dict[str, NDArray[np.float64]]:
    """Weights of all entities of a half, from the other families of the same half.

    Returns:
        layer → shape (entities,), nats. All zero where the half has no second family to learn from.
    """
    population = half.population
    cap = prior_log_odds(int(population.active.sum()))
    family_matrix = {name: stacked(layers) for name, layers in half.families.items()}
    result: dict[str, NDArray[np.float64]] = {}
    for name, layers in half.families.items():
        for layer in layers:
            members = layer.held.T.tocsr()
            observed, expected = np.zeros(members.shape[0]), np.zeros(members.shape[0])
            for other, matrix in family_matrix.items():
                if other != name:
                    observed += observed_pairs(members, matrix)
                    expected += expected_pairs(members, matrix, population.strata(FAMILY[other]))
            result[layer.name] = (
                weight_nats(observed, expected, cap) if len(family_matrix) > 1 else np.zeros(len(observed))
            )
    return result
