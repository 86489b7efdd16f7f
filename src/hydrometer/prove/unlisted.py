"""How much accounts that are not listed send of what a group sends: an estimate over all of them, naming none.

Who is listed is decided by what accounts share; what they word is seen of everybody. So those who send the group's own
wordings are counted as a mixture: each other account is ordinary, or carries the group's work as one of its members
does, and how many carry it is fitted to all of them (empirical Bayes, by expectation and maximisation). Only wordings
of the group count, not techniques, which others use too. What a member sends beside the wordings may be its own or the
group's; the data bound that from both sides, and both ends are worked out.
Source: Efron, "Large-scale inference", 2010, chapter 2 (two-group model); `statistics.md` section 9 for the shares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.draws import generator
from hydrometer.base.units import DECISION_DIGITS
from hydrometer.prove.attribution import CONDUCT_EXCHANGES, LEAST_PART, least_mixed, mix, own_mix, weights

SORTS = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 1], [0, 0, 1]], np.float64)
"""Cells of `attribution` → none of the group's wordings, one, one in a form that is used like a work list."""
ROUNDS_MAX, SETTLED = 60, 1e-6
FIRST_PART, PARTS = 0.01, (1e-6, 0.5)
"""Part of the others that is first taken to carry the group's work, and the bounds of that part."""
SHARES = np.linspace(0.05, 0.95, 10)
"""Quantiles of the members' shares that stand for how much of an account's traffic may be the group's."""
SHARE_BOUNDS = (0.05, 0.98)
LEAST_GAP = 1e-6
"""A group whose wordings are those of everybody has none of its own."""
WORDED_MIN = 0.05
"""Part of the members' exchanges that must show the group's wordings for others to be known by them."""
SPLITS = 10
OWN_MOST = 0.25
"""Ordinary-looking traffic of the least mixed quarter, beside that of ordinary accounts, from which even they are taken
to carry cover."""
Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Carried:
    """What accounts that are not listed carry of a group's work.

    Attributes:
        probability: shape (m,), that each of them carries it at all.
        cell_probability: shape (m, cells), probability that an exchange of it in a cell is the group's.
        most: the largest take that the members' mix allows, as a multiple of the one by `cell_probability`; ≥ 1.
    """

    probability: NDArray[np.float64]
    cell_probability: Counts
    most: float


def carried(members: Counts, others: Counts, seed: int) -> Carried | None:
    """What some accounts carry of the work of others; None where the members have no wordings of their own.

    Args:
        members: shape (k, cells), exchanges of the members in the cells of `attribution`.
        others: shape (m, cells), those of accounts in no listed group.
        seed: the run's seed.

    >>> pool, people = [[1.0, 0, 0, 0, 0, 0, 9, 10]] * 20, [[20.0, 0, 0, 0, 0, 0, 0, 0]] * 200
    >>> found = carried(np.array(pool), np.array(people + pool[:5]), 0)
    >>> float(found.probability.round(2).sum()), found.probability[-5:].round(2).tolist()
    (5.0, [1.0, 1.0, 1.0, 1.0, 1.0])
    """
    worded = float((members @ SORTS)[:, 1:].sum())
    probability = carriers(members @ SORTS, others @ SORTS) if worded >= WORDED_MIN * members.sum() else None
    if probability is None:
        return None
    ordinary = mix(others * (1.0 - probability)[:, None])
    campaign = mix_of(members, ordinary)
    cells = belonging(others, campaign, ordinary) * probability[:, None]
    took = float((members * belonging(members, campaign, ordinary)).sum() + (others * cells).sum())
    widest = without(members, ordinary, own_traffic(members, ordinary, seed))
    most = float(
        (members * belonging(members, widest, ordinary)).sum()
        + (others * belonging(others, widest, ordinary) * probability[:, None]).sum()
    )
    return Carried(probability, cells, max(1.0, round(most / max(took, LEAST_PART), DECISION_DIGITS)))


def carriers(members: Counts, others: Counts) -> NDArray[np.float64] | None:
    """Probability that each of the others carries the members' work, by sorts of wording; None without wordings.

    An account's exchanges are alike, so that more than `CONDUCT_EXCHANGES` count as so many.
    """
    ordinary, part = mix(others), FIRST_PART
    capped = np.minimum(1.0, CONDUCT_EXCHANGES / np.maximum(others.sum(axis=1), 1.0))
    probability = np.zeros(len(others))
    for _ in range(ROUNDS_MAX):
        campaign = mix_of(members, ordinary)
        share = shares(members, campaign, ordinary)
        if share is None:
            return None
        likelier = log_ratio(others, np.clip(np.quantile(share, SHARES), *SHARE_BOUNDS), campaign, ordinary, capped)
        odds = np.log(part) - np.log1p(-part) + likelier
        found = 1.0 / (1.0 + np.exp(-np.clip(odds, -50.0, 50.0)))
        moved, probability = float(np.abs(found - probability).max(initial=0.0)), found
        if moved < SETTLED:
            break
        ordinary = mix(others * (1.0 - probability)[:, None])
        part = float(np.clip(probability.mean(), *PARTS))
    return np.asarray(np.round(probability, DECISION_DIGITS))


def log_ratio(
    others: Counts, grid: NDArray[np.float64], campaign: NDArray[np.float64], ordinary: NDArray[np.float64],
    capped: NDArray[np.float64],
) -> NDArray[np.float64]:  # fmt: skip
    """Log ratio of what each account sends: with a share of the campaign's work as members have, or without; (m,)."""
    each = np.stack(
        [capped * (others @ np.log((one * campaign + (1.0 - one) * ordinary) / ordinary)) for one in grid], axis=1
    )
    top = each.max(axis=1)
    result: NDArray[np.float64] = np.log(np.exp(each - top[:, None]).mean(axis=1)) + top
    return result


def mix_of(members: Counts, ordinary: NDArray[np.float64]) -> NDArray[np.float64]:
    """The campaign's own mix, as `attribution.estimate` has it; shape (cells,)."""
    return own_mix(mix(members), mix(members[least_mixed(members, ordinary)]), ordinary)


def shares(counts: Counts, campaign: NDArray[np.float64], ordinary: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Share of each account's exchanges that is the campaign's, by moments; None where the mixes are alike."""
    score = weights(campaign, ordinary)
    gap = float(campaign @ score - ordinary @ score)
    if gap <= LEAST_GAP:
        return None
    mean = counts @ score / np.maximum(counts.sum(axis=1), 1.0)
    return np.asarray(np.clip((mean - ordinary @ score) / gap, 0.0, 1.0))


def belonging(counts: Counts, campaign: NDArray[np.float64], ordinary: NDArray[np.float64]) -> Counts:
    """Probability that an exchange of each account in each cell is the campaign's; none where the mixes are alike."""
    share = shares(counts, campaign, ordinary)
    if share is None:
        return np.zeros(counts.shape)
    part = share[:, None] * campaign
    return np.asarray(part / np.maximum(part + (1.0 - share[:, None]) * ordinary, LEAST_PART))


def own_traffic(members: Counts, ordinary: NDArray[np.float64], seed: int) -> float:
    """Share of ordinary-looking exchanges in the least mixed quarter, at most; 0 where even they carry cover.

    The quarter is chosen by one half of each member's exchanges and measured on the other, since small accounts are
    pure by chance. What all members have in common of it may be the campaign's own or cover that all carry alike.
    """
    place = int(np.argmax(ordinary))
    content = members[np.lexsort(members.T)].astype(np.int64)
    draw = generator(seed, "unlisted own traffic", content.tobytes())
    found = []
    for _ in range(SPLITS):
        half = draw.binomial(content, 0.5).astype(np.float64)
        found.append(float(mix((content - half)[least_mixed(half, ordinary)])[place]))
    own = float(np.mean(found))
    return own if own <= OWN_MOST * float(ordinary[place]) else 0.0


def without(members: Counts, ordinary: NDArray[np.float64], own: float) -> NDArray[np.float64]:
    """The members' mix less ordinary traffic, so much that a share `own` of what looks ordinary is left; (cells,)."""
    found, place = mix(members), int(np.argmax(ordinary))
    room = max(float(ordinary[place]) - own, LEAST_PART)
    part = float(np.clip((found[place] - own) / room, 0.0, 1.0))
    rest: NDArray[np.float64] = np.maximum(found - part * ordinary, 0.0)
    return rest / rest.sum() if rest.sum() > LEAST_PART else found
