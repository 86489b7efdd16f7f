"""The nouns of a rival detector: what it is called, where it was published, and the scores that it gives to accounts.

A rival sees the folder `traffic` of a world and nothing else; it never reads the truth. It only scores: the threshold
at which its scores become flags is chosen by whoever compares it, at the same benign false-positive rate for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.errors import BugError

UNITS = ("account", "window", "pair", "group", "prompt")
"""What a rival judges before its judgement is brought down to accounts."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What a rival says of a world.

    Args:
        account_ids: every account that sent an exchange, once, in ascending order.
        scores: one for each account, finite; higher = more suspicious. Comparable over the accounts of one world, and
            over worlds where the method has an absolute threshold.
        groups: account → name of its group, for methods that find groups; accounts in no group are left out. None
            where the method knows no groups.

    Raises:
        BugError: as many scores as accounts are not there, one is not finite, or accounts are not in ascending order.
    """

    account_ids: tuple[str, ...]
    scores: NDArray[np.float64]
    groups: dict[str, str] | None = None

    def __post_init__(self) -> None:
        if self.scores.shape != (len(self.account_ids),):
            raise BugError(
                "Scored", f"scores of shape {self.scores.shape}", f"{len(self.account_ids)} scores", "mend it"
            )
        if not np.isfinite(self.scores).all():
            raise BugError("Scored", "a score that is not finite", "finite scores", "mend the rival's run")
        if any(one >= other for one, other in zip(self.account_ids, self.account_ids[1:], strict=False)):
            raise BugError("Scored", "accounts out of order", "each account once, ascending", "sort them")


Run = Callable[[Path, int], Scored]
"""From the folder `traffic` of a world and a seed to scores; the same world and seed give the same scores."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A rival.

    Args:
        name: stem of its file.
        summary: one line.
        source: paper or repository, with the version that was read.
        unit: what it judges, one of `UNITS`.
        published: threshold on `Scored.scores` that its authors give; None where they give none that carries over.
        run: scores the accounts of a world.
    """

    name: str
    summary: str
    source: str
    unit: str
    published: float | None
    run: Run

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise BugError(self.name, f"unit {self.unit!r}", f"one of {', '.join(UNITS)}", "name its unit")


def flagged(scored: Scored, threshold: float) -> frozenset[str]:
    """Accounts whose score is at or above `threshold`.

    >>> sorted(flagged(Scored(("a", "b"), np.array([0.2, 0.7])), 0.5))
    ['b']
    """
    return frozenset(scored.account_ids[int(row)] for row in np.flatnonzero(scored.scores >= threshold))
