"""The benign library: profiles of whole benign operators, and the weights that tell a data-set builder from them.

Weights were fitted on development worlds and are frozen in `harvest.yaml`; the operators lie in `library.parquet`. Both
are simulated and say so. A group's score is the weighted sum of its figures without that family of figures which speaks
most against it, so that no single indicator convicts. The e-value is the soft rank of the score among the library's: it
is valid if the group is exchangeable with the library's operators, and can never exceed their number.
Source: `statistics.md` sections 2.2 (the rank's e-value), 3.3 (the floor is general), 4 (null = a random benign
operator); docs/model-card.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import yaml
from numpy.typing import NDArray
from scipy.special import logsumexp

from hydrometer.base.units import DECISION_DIGITS
from hydrometer.prove.profile import FIGURES

WEIGHTS = Path(__file__).with_name("harvest.yaml")
LIBRARY = Path(__file__).with_name("library.parquet")
FAMILIES: dict[str, tuple[str, ...]] = {
    "wording": ("techniques", "aim"),
    "forms": ("forms", "common_forms", "vocabulary"),
    "items": ("repetition", "freshness"),
    "conversation": ("follow_ups",),
    "lengths": ("question_length", "answer_length", "answer_spread"),
    "tools": ("tools",),
    "calendar": ("hours",),
}
"""Figures that depend on each other by construction; the strongest family of a group does not count."""
RANK_POWER = 2.0
"""Exponent of the soft rank on the likelihood ratio: the higher, the more one benign operator of equal score costs."""
ITEMS_MIN = 20
"""Distinct prompts that an operator must have asked for its profile to mean anything."""
ACCOUNTS_MIN = 5
"""Accounts that an operator of the library has at least; smaller groups are not judged."""
NEAREST = 3


@dataclass(frozen=True, slots=True)
class Reference:
    """Weights and library.

    Attributes:
        mean: shape (figures,), what is taken from each figure.
        spread: shape (figures,), what it is divided by.
        weight: shape (figures,), nats per spread.
        intercept: nats.
        kinds: kind of each operator of the library.
        values: shape (n, figures), their profiles.
        scores: shape (n,), their scores, ascending.
    """

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    weight: NDArray[np.float64]
    intercept: float
    kinds: tuple[str, ...]
    values: NDArray[np.float64]
    scores: NDArray[np.float64]

    def score(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores of profiles without their strongest family; shape (k, figures) → (k,)."""
        return robust_score((values - self.mean) / self.spread * self.weight, self.intercept)

    def strongest(self, values: NDArray[np.float64]) -> str:
        """The family that speaks most for a data-set builder in one profile, which is left out; shape (figures,)."""
        parts = families((values - self.mean) / self.spread * self.weight)
        return tuple(FAMILIES)[int(np.argmax(np.round(parts, DECISION_DIGITS)))]

    def log_e(self, score: float) -> float:
        """ln of the soft rank's e-value of a score, at most ln(n + 1)."""
        return soft_rank(score, self.scores)

    def above(self, score: float) -> int:
        """Operators of the library whose score is as high or higher."""
        return int((np.round(self.scores, DECISION_DIGITS) >= round(score, DECISION_DIGITS)).sum())

    def nearest(self, values: NDArray[np.float64], many: int = NEAREST) -> tuple[str, ...]:
        """Kinds of the benign operators whose profiles are most like one profile, nearest first, each once.

        Args:
            values: shape (figures,).
            many: number of kinds.
        """
        distance = np.round((((self.values - values) / self.spread * self.weight) ** 2).sum(axis=1), DECISION_DIGITS)
        order = np.argsort(distance, kind="stable")
        return tuple(dict.fromkeys(self.kinds[place] for place in order))[:many]


def families(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Contributions of figures → of families; shape (…, figures) → (…, families)."""
    names = list(FIGURES)
    return np.stack(
        [parts[..., [names.index(name) for name in members]].sum(axis=-1) for members in FAMILIES.values()], axis=-1
    )


def robust_score(parts: NDArray[np.float64], intercept: float) -> NDArray[np.float64]:
    """Sum of contributions without the family that contributes most; shape (k, figures) → (k,)."""
    by_family = families(parts)
    return np.asarray(by_family.sum(axis=-1) - by_family.max(axis=-1) + intercept)


def soft_rank(score: float, others: NDArray[np.float64]) -> float:
    """ln of (n + 1) g(t₀) / (g(t₀) + Σ g(t_i)) with g(t) = exp(`RANK_POWER` · t).

    >>> round(float(np.exp(soft_rank(0.0, np.array([0.0, -50.0, -50.0])))), 6)
    2.0
    """
    total = logsumexp(np.concatenate([[0.0], np.sort(RANK_POWER * (others - score))]))
    return float(np.log(len(others) + 1.0) - total)


@lru_cache(maxsize=1)
def reference() -> Reference:
    """The weights and the library that are shipped."""
    fitted = yaml.safe_load(WEIGHTS.read_text(encoding="utf-8"))
    columns = [fitted["figures"][name] for name in FIGURES]
    mean, spread, weight = (np.array([column[key] for column in columns]) for key in ("mean", "spread", "weight"))
    table = pq.read_table(LIBRARY)
    values = np.stack([table[name].to_numpy().astype(np.float64) for name in FIGURES], axis=1)
    intercept = float(fitted["intercept"])
    scores = robust_score((values - mean) / spread * weight, intercept)
    return Reference(mean, spread, weight, intercept, tuple(table["kind"].to_pylist()), values, np.sort(scores))
