"""Whether one field gives campaigns away: the best split of each per-account feature, and worlds with shuffled labels.

A range that one field solves measures nothing. The law is a balanced accuracy of at most LIMIT for every feature of the
published list (`account_features`), but for exceptions that a disclosed technique forces and that are named here. Words
have no order: an oracle orders them by their share of campaign accounts. It would learn rare words by heart, so it is
judged on the half of the accounts that it has not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from hydrometer.base.draws import generator
from hydrometer.base.errors import UsageError
from hydrometer.simulate.account_features import FEATURES, WORDS, account_features
from hydrometer.simulate.shuffled import right_by_chance, shuffled_truth
from hydrometer.simulate.world import Array

__all__ = (
    "EXCEPTIONS", "FEATURES", "LIMIT", "Accuracy", "Pool", "above_limit", "accuracies", "best_split", "campaign_share",
    "chance", "pooled", "right_by_chance", "shuffled_truth",
)  # fmt: skip
LIMIT = 0.75
"""Largest balanced accuracy that one split of one feature may reach."""
POSITIVE_ROLES = ("operator", "victim")
"""Roles in whose accounts a campaign runs; customers of a reseller are neither that nor benign, and are left out."""
_REPLAY = "a replay hands back reasoning that was issued to others: that is the disclosed technique"
EXCEPTIONS = {"exchanges.reasoning_signature_in": _REPLAY, "exchanges.reasoning_signatures_in": _REPLAY}
"""Columns that a disclosed technique forces to be informative, and why."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Accounts of one or several worlds.

    Args:
        values: feature → one number an account (NaN: none); words are numbered, -1 is "none".
        positive: which accounts belong to a campaign.
        world: number of each account's world.
    """

    values: dict[str, Array]
    positive: Array
    world: Array

    def only(self, world: int) -> Pool:
        """The accounts of one of the worlds."""
        here = self.world == world
        values = {feature: entries[here] for feature, entries in self.values.items()}
        return Pool(values, self.positive[here], self.world[here])


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Balanced accuracy of the best split of a feature.

    Args:
        feature: its name in the published list.
        in_sample: order and split chosen on all accounts.
        held_out: order chosen on one half, split on the other; mean of both ways round.
    """

    feature: str
    in_sample: float
    held_out: float

    @property
    def judged(self) -> float:
        """What the law holds against its limit: numbers bring their own order, that of words must be held out."""
        return self.held_out if self.feature in WORDS else self.in_sample

    @property
    def exception(self) -> str | None:
        """Why the feature may exceed the limit, None where it may not."""
        return EXCEPTIONS.get(".".join(self.feature.split(".")[:2]))


def pooled(worlds: Sequence[Path]) -> Pool:
    """Features and labels of all accounts of some worlds.

    Args:
        worlds: folders with `traffic` and `truth`.

    Raises:
        UsageError: a folder is no world, or the worlds hold no campaign or nothing else.
    """
    parts, labels = [], []
    for world in worlds:
        path = world / "truth" / "accounts.parquet"
        if not path.is_file():
            raise UsageError(str(path), "no such file", "a truth folder beside the traffic", "give a simulated world")
        truth = pq.read_table(path, columns=["account_id", "role"]).to_pylist()
        role = {row["account_id"]: row["role"] for row in truth}
        ids, values = account_features(world / "traffic")
        judged = np.array([role.get(one) in (None, *POSITIVE_ROLES) for one in ids], dtype=bool)
        labels.append(np.array([role.get(one) in POSITIVE_ROLES for one in ids], dtype=bool)[judged])
        parts.append({feature: entries[judged] for feature, entries in values.items()})
    positive = np.concatenate([np.zeros(0, dtype=bool), *labels])
    if positive.all() or not positive.any():
        found = f"{int(positive.sum())} of {len(positive)} accounts belong to a campaign"
        raise UsageError("worlds", found, "campaign and benign accounts", "add a world that holds the others")
    values = {name: _numbers(name, np.concatenate([part[name] for part in parts])) for name in FEATURES}
    number = np.repeat(np.arange(len(labels)), [len(label) for label in labels])
    return Pool(values, positive, number)


def _numbers(feature: str, values: Array) -> Array:
    """Numbers as they are; a number for each word."""
    if feature not in WORDS:
        return values
    there = np.array([value is not None for value in values], dtype=bool)
    numbers = np.full(len(values), -1, dtype=np.int64)
    numbers[there] = np.unique(values[there].astype(str), return_inverse=True)[1]
    return numbers


def best_split(values: Array, positive: Array) -> float:
    """Best balanced accuracy of a threshold on `values`, in either direction; a missing value sorts below all.

    >>> best_split(np.array([1.0, 2.0, 3.0, np.nan]), np.array([False, True, True, False]))
    1.0
    """
    if positive.all() or not positive.any():
        return 0.5
    filled = np.where(np.isnan(values), -np.inf, values)
    order = np.argsort(filled, kind="stable")
    edges = np.append(filled[order][1:] != filled[order][:-1], True)
    above = np.cumsum(positive[order]) / positive.sum()
    false = np.cumsum(~positive[order]) / (~positive).sum()
    return float(0.5 + 0.5 * np.abs(above - false)[edges].max())


def campaign_share(words: Array, positive: Array, learnt: Array) -> Array:
    """Each account's word as the share of campaign accounts among those accounts of `learnt` that have the word.

    A share is drawn towards that of all by one account; a word that was not seen has the share of all.

    Args:
        words: number of each account's word, -1 and up.
        positive: which accounts belong to a campaign.
        learnt: which accounts may be looked at.
    """
    size = int(words.max(initial=-1)) + 2
    overall = positive[learnt].mean()
    inside = np.bincount(words[learnt] + 1, weights=positive[learnt], minlength=size)
    total = np.bincount(words[learnt] + 1, minlength=size)
    return np.asarray(((inside + overall) / (total + 1.0))[words + 1])


def accuracies(pool: Pool, seed: int = 0) -> list[Accuracy]:
    """The best split of every feature, the highest judged accuracy first.

    Args:
        pool: accounts.
        seed: decides the halves.
    """
    half = _half(pool.positive, seed)
    found = [_accuracy(feature, values, pool.positive, half) for feature, values in pool.values.items()]
    return sorted(found, key=lambda one: (-one.judged, one.feature))


def _half(positive: Array, seed: int) -> Array:
    """A random half of the campaign accounts and of the others."""
    draw = generator(seed, "leakage:half")
    half = np.zeros(len(positive), dtype=bool)
    for group in (np.flatnonzero(positive), np.flatnonzero(~positive)):
        half[draw.permutation(group)[: (len(group) + 1) // 2]] = True
    return half


def _accuracy(feature: str, values: Array, positive: Array, half: Array) -> Accuracy:
    """In and out of sample."""
    if feature in WORDS:
        everyone = np.ones(len(positive), dtype=bool)
        orders = [campaign_share(values, positive, learnt) for learnt in (everyone, half, ~half)]
    else:
        orders = [values.astype(np.float64)] * 3
    tested = [(orders[1], ~half), (orders[2], half)]
    held_out = [best_split(order[rows], positive[rows]) for order, rows in tested]
    return Accuracy(feature, best_split(orders[0], positive), float(np.mean(held_out)))


def above_limit(found: Sequence[Accuracy], limit: float = LIMIT) -> list[Accuracy]:
    """Features that break the law: above the limit, and no named exception."""
    return [one for one in found if one.judged > limit and one.exception is None]


def chance(pool: Pool, permutations: int, seed: int = 0, strata: Array | None = None) -> Array:
    """Best judged accuracy over all features under each of some random permutations of the labels.

    Args:
        pool: accounts.
        permutations: how many.
        seed: decides them.
        strata: labels stay within accounts of one stratum, shape (accounts,); None permutes all.
    """
    draw = generator(seed, "leakage:chance")
    within = np.zeros(len(pool.positive), dtype=np.int64) if strata is None else strata
    best = []
    for _ in range(permutations):
        positive = pool.positive.copy()
        for stratum in np.unique(within):
            here = within == stratum
            positive[here] = draw.permutation(positive[here])
        best.append(accuracies(Pool(pool.values, positive, pool.world), seed)[0].judged)
    return np.array(best)
