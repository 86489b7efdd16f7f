"""Draws strangers like a group's accounts: as many, with the same kinds of client, at random among its peers.

That the peers' own mean is known from so many peers alone is part of the null: without it a group of hundreds beside
a hundred peers would be called unusual too often. What strangers with the same clients do explains everything that a
client's maker or the public does. It does not explain what one owner of many accounts does: that is said where the
p-value is printed. Source: `statistics.md` section 8 (rank within the client type).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.draws import generator

DRAWS = 9_999
SAMPLE_MAX = 256
"""Accounts of a group that are drawn for at most: evenly over its values, so that the mean hardly changes."""


@dataclass(frozen=True, slots=True)
class Matched:
    """Values of a group's accounts, and of its peers by kind of client.

    Attributes:
        values: shape (k,), of the group's accounts whose kind of client has peers.
        client: shape (k,), their kinds.
        pools: kind → values of the peers.
        alone: accounts of the group whose kind of client no peer uses.
    """

    values: NDArray[np.float64]
    client: NDArray[np.object_]
    pools: dict[str, NDArray[np.float64]]
    alone: int

    @property
    def peers(self) -> int:
        """Number of peers that can be drawn."""
        return sum(len(pool) for pool in self.pools.values())

    @property
    def floor(self) -> float:
        """Smallest p that so many peers allow."""
        return 1.0 / (self.peers + 1)

    def expected(self) -> float:
        """Mean of strangers with the group's kinds of client."""
        return float(np.mean([self.pools[kind].mean() for kind in self.client]))

    def error(self) -> float:
        """Standard error of `expected` that comes from the number of peers."""
        kinds, counts = np.unique(self.client.astype(str), return_counts=True)
        pools = [self.pools[str(kind)] for kind in kinds]
        weights = counts / counts.sum()
        return float(np.sqrt(sum(w**2 * pool.var() / len(pool) for w, pool in zip(weights, pools, strict=True))))

    def draws(self, seed: int, stage: str, size: int) -> NDArray[np.float64]:
        """Values of `DRAWS` sets of strangers, shape (draws, size), like `size` of the group's accounts."""
        draw = generator(seed, stage)
        result = np.empty((DRAWS, size))
        order = np.argsort(np.round(self.values, 9), kind="stable")
        chosen = order[np.linspace(0, len(order) - 1, size).round().astype(np.int64)]
        for kind in sorted(set(self.client[chosen].tolist())):
            columns = np.flatnonzero(self.client[chosen] == kind)
            pool = self.pools[kind]
            result[:, columns] = pool[draw.integers(0, len(pool), (DRAWS, len(columns)))]
        return result

    def sample(self, size: int) -> NDArray[np.float64]:
        """The values that stand for the group where only `size` are drawn for, evenly over its own."""
        ordered = np.sort(self.values)
        found: NDArray[np.float64] = ordered[np.linspace(0, len(ordered) - 1, size).round().astype(np.int64)]
        return found


def matched(
    values: NDArray[np.float64],
    client: NDArray[np.object_],
    peer_values: NDArray[np.float64],
    peer_client: NDArray[np.object_],
) -> Matched:
    """A group's values beside those of its peers; all arrays have one entry an account."""
    pools = {
        str(kind): np.sort(peer_values[peer_client == kind])
        for kind in sorted(set(client.tolist()))
        if bool((peer_client == kind).any())
    }
    known = np.isin(client, list(pools))
    return Matched(values[known], client[known], pools, int((~known).sum()))


def mean_chance(found: Matched, seed: int, stage: str) -> float:
    """P(mean of as many strangers ≥ the group's mean) by `DRAWS` draws, without the floor; higher = more usual."""
    size = min(len(found.values), SAMPLE_MAX)
    strangers = found.draws(seed, stage, size).mean(axis=1)
    strangers += found.error() * generator(seed, stage, b"peers").standard_normal(DRAWS)
    own = float(found.sample(size).mean())
    reached = int((np.round(strangers, 9) >= round(own, 9)).sum())
    return (1 + reached) / (DRAWS + 1)


def mean_p(found: Matched, seed: int, stage: str) -> float:
    """`mean_chance`, never below the floor."""
    return max(mean_chance(found, seed, stage), found.floor)


def shorth(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Length of the shortest interval that holds half of the times, for each row; shape (…, k) → (…,).

    >>> float(shorth(np.array([1.0, 2.0, 2.5, 9.0, 30.0])))
    1.5
    """
    ordered = np.sort(times, axis=-1)
    size = ordered.shape[-1]
    half = size // 2 + size % 2 if size > 1 else 1
    lengths = ordered[..., half - 1 :] - ordered[..., : size - half + 1]
    result: NDArray[np.float64] = lengths.min(axis=-1)
    return result


def shorth_p(found: Matched, seed: int, stage: str) -> float:
    """P(the shorth of as many strangers' times ≤ the group's), never below the floor; lower = closer together."""
    size = min(len(found.values), SAMPLE_MAX)
    strangers = shorth(found.draws(seed, stage, size))
    reached = int((np.round(strangers, 9) <= round(float(shorth(found.sample(size))), 9)).sum())
    return max((1 + reached) / (DRAWS + 1), found.floor)
