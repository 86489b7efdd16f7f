"""Thresholds of the rivals: tuned on development worlds and on nothing else, frozen to a file, read from there.

A rival's threshold is the smallest score at which its false alarms, pooled over the benign accounts of the development
worlds, are at most as frequent as a target: hydrometer's own rate on the same worlds (one account of all where it has
none), or a generous 1 %. A world that is held out is refused, whoever asks. Source: detection table, section 6.1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench.range.cells import Document, Place, WorldKey, read_document, write_document
from bench.range.steps import HYDROMETER, RIVAL
from numpy.typing import NDArray

from hydrometer.base.errors import UsageError

DEVELOPMENT = "development"
MATCHED, GENEROUS, PUBLISHED = "matched", "generous", "published"
GENEROUS_RATE = 0.01
SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class BenignScores:
    """A rival's scores of one world's benign accounts.

    Attributes:
        key: the world.
        split: its side of the split.
        scores: shape (n,), one for each benign account; −inf where the rival gives none.
    """

    key: WorldKey
    split: str
    scores: NDArray[np.float64]


def refuse_held_out(key: WorldKey, split: str) -> None:
    """Raise where a world may not be looked at to fit anything.

    Raises:
        UsageError: it is held out, or its evasions were turned for a curve.
    """
    if split != DEVELOPMENT or key.evasions:
        found = f"split {split!r}" + (" with evasions turned" if key.evasions else "")
        raise UsageError(key.slug, found, "a development world as it is", "tune on development worlds alone")


def tuned(worlds: Sequence[BenignScores], target: float) -> float | None:
    """The smallest threshold at which at most `target` of the pooled benign accounts score as much or more.

    Args:
        worlds: scores on development worlds.
        target: a share, 0 or more.

    Returns:
        the threshold; None where no threshold is high enough, so that nothing may be flagged.

    Raises:
        UsageError: a world is held out.

    >>> world = BenignScores(WorldKey("w", 0), "development", np.array([0.0, 1.0, 2.0, 3.0]))
    >>> round(tuned([world], 0.25), 6)
    2.0
    """
    for world in worlds:
        refuse_held_out(world.key, world.split)
    pooled = np.sort(np.concatenate([np.zeros(0), *(world.scores for world in worlds)]))[::-1]
    allowed = math.floor(target * len(pooled) + SLACK)
    if allowed >= len(pooled):
        return -float(np.finfo(np.float64).max)
    first_refused = float(pooled[allowed])
    return None if first_refused == np.inf else float(np.nextafter(first_refused, np.inf))


def flagged(scores: Mapping[str, float], threshold: float | None) -> set[str]:
    """Accounts that score the threshold or more."""
    return set() if threshold is None else {account for account, score in scores.items() if score >= threshold}


def benign_of(place: Place) -> list[str]:
    """Benign accounts of a world."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    truth = pq.read_table(place.truth / "accounts.parquet", columns=["account_id", "role"])
    benign: list[str] = truth.filter(pc.is_null(truth["role"]))["account_id"].to_pylist()
    return benign


def scores_of(place: Place, method: str) -> dict[str, float] | None:
    """A rival's score of each account; None where it has not been run, or broke."""
    document = read_document(place.document(RIVAL + method))
    if document is None or "failed" in document or not place.scores(method).exists():
        return None
    with np.load(place.scores(method)) as found:
        return dict(zip(found["accounts"].tolist(), found["scores"].tolist(), strict=True))


def groups_of(place: Place, method: str) -> dict[str, str] | None:
    """A rival's group of each account that has one; None where it makes no groups."""
    document = read_document(place.document(RIVAL + method))
    if document is None or not document.get("has_groups"):
        return None
    with np.load(place.scores(method)) as found:
        return dict(zip(found["holders"].tolist(), found["groups"].tolist(), strict=True))


def own_alarms(worlds: Sequence[tuple[Place, str]]) -> tuple[int, int]:
    """Benign accounts that hydrometer flags on development worlds, and all of them."""
    false = every = 0
    for place, split in worlds:
        refuse_held_out(place.key, split)
        document = read_document(place.document(HYDROMETER))
        if document is None or "failed" in document:
            continue
        benign = benign_of(place)
        false += len(document["groups"].keys() & set(benign))
        every += len(benign)
    return false, every


def freeze(
    path: Path, worlds: Sequence[tuple[Place, str]], published: Mapping[str, float | None], *, full: bool
) -> Document:
    """Tune every rival on development worlds and write its thresholds to `path`.

    Args:
        path: file to write.
        worlds: development worlds with their split.
        published: rival → threshold that its authors publish, None where there is none.
        full: whether these are the worlds and seeds of a published run.

    Raises:
        UsageError: a world is held out.
    """
    from hydrometer import __version__

    false, every = own_alarms(worlds)
    targets = {MATCHED: max(false, 1) / every if every else 0.0, GENEROUS: GENEROUS_RATE}
    thresholds, rates, counted = {}, {}, {}
    for method, own in sorted(published.items()):
        seen = [one for place, split in worlds if (one := _benign_scores(place, split, method)) is not None]
        if not seen:
            continue
        thresholds[method] = {point: tuned(seen, target) for point, target in targets.items()}
        if own is not None:
            thresholds[method][PUBLISHED] = own
        rates[method] = {point: _rate(seen, threshold) for point, threshold in thresholds[method].items()}
        counted[method] = len(seen)
    document: Document = {
        "version": __version__,
        "full": full,
        "targets": targets,
        "hydrometer_on_development_worlds": {"false_accounts": false, "benign_accounts": every},
        "worlds": [{"world": place.key.world, "seed": place.key.seed, "scale": place.key.scale} for place, _ in worlds],
        "thresholds": thresholds,
        "development_rates": rates,
        "worlds_tuned_on": counted,
    }
    write_document(path, document)
    return document


def thawed(path: Path, splits: Mapping[str, str]) -> Document:
    """The frozen thresholds.

    Args:
        path: file that `freeze` wrote.
        splits: world → its side of the split.

    Raises:
        UsageError: there is no such file, or it names a world that is not a development world.
    """
    document = read_document(path)
    if document is None:
        raise UsageError(str(path), "no thresholds", "a file that a run has frozen", "run the worlds first")
    for row in document["worlds"]:
        refuse_held_out(WorldKey(row["world"], row["seed"], row["scale"]), splits.get(row["world"], "unknown"))
    return document


def _benign_scores(place: Place, split: str, method: str) -> BenignScores | None:
    """One world's part in the tuning of a method; its split is looked at before its scores are."""
    refuse_held_out(place.key, split)
    scores = scores_of(place, method)
    if scores is None:
        return None
    benign = benign_of(place)
    return BenignScores(place.key, split, np.array([scores.get(account, -np.inf) for account in benign]))


def _rate(worlds: Sequence[BenignScores], threshold: float | None) -> float:
    """Share of pooled benign accounts that a threshold flags."""
    every = sum(len(world.scores) for world in worlds)
    flags = 0 if threshold is None else sum(int((world.scores >= threshold).sum()) for world in worlds)
    return flags / every if every else 0.0
