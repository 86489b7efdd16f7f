"""The benign library: how whole benign operators work, and the weights that tell a data-set builder from them.

Weights were fitted on development worlds and are frozen in `harvest.yaml`; the operators lie in `library.parquet`. Both
are simulated and say so; a provider's own operators (`own_library.py`) are added to them. A score is the weighted sum
of figures without that family of figures which speaks most against the group, so that no single indicator convicts. The
e-value is the soft rank of the score among the library's: it is valid if the group is exchangeable with the library's
operators, and can never exceed their number.
Source: `statistics.md` sections 2.2 (the rank's e-value), 3.3 (the floor is general), 4 (null = a random benign
operator); docs/model-card.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import yaml
from numpy.typing import NDArray
from scipy.special import logsumexp

from hydrometer.base.cases import OwnOperators
from hydrometer.base.units import DECISION_DIGITS
from hydrometer.prove.forms import FORM_FIGURES
from hydrometer.prove.profile import FIGURES

WEIGHTS = Path(__file__).with_name("harvest.yaml")
LIBRARY = Path(__file__).with_name("library.parquet")
FORM_PREFIX = "form_"
"""Columns of the library that hold the figures of an operator's most telling form; null where he has none."""
FAMILIES: dict[str, tuple[str, ...]] = {
    "wording": ("techniques", "aim"),
    "forms": ("forms", "common_forms", "vocabulary"),
    "items": ("repetition", "freshness"),
    "conversation": ("follow_ups",),
    "lengths": ("question_length", "answer_length", "answer_spread"),
    "tools": ("tools",),
    "calendar": ("hours",),
}
"""Figures of a profile that depend on each other by construction; the strongest family of a group does not count."""
FORM_FAMILIES: dict[str, tuple[str, ...]] = {
    "wording": ("techniques", "aim"),
    "spread": ("breadth", "evenness"),
    "vocabulary": ("vocabulary",),
    "items": ("repetition", "freshness"),
    "conversation": ("follow_ups",),
    "lengths": ("question_length", "answer_length", "answer_spread"),
    "tools": ("tools",),
    "calendar": ("hours",),
}
"""The same for the figures of a form."""
RANK_POWER = 2.0
"""Exponent of the soft rank on the likelihood ratio: the higher, the more one benign operator of equal score costs."""
ITEMS_MIN = 20
"""Distinct prompts that an operator must have asked for its profile to mean anything."""
ACCOUNTS_MIN = 5
"""Accounts that an operator of the library has at least; smaller groups are not judged."""
SPREADS_MAX = 4.0
"""Spreads from the mean of the fitted cases within which a figure counts as it is."""
NEAREST = 3
EVERY = np.ones(len(FIGURES), np.bool_)
"""All figures are known."""
NONE = -np.inf
"""Score of an operator without any form."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What a score is made with.

    Attributes:
        names: the figures.
        families: family → its figures.
        mean: shape (figures,), what is taken from each figure.
        spread: shape (figures,), what it is divided by.
        weight: shape (figures,), nats per spread.
        intercept: nats.
    """

    names: tuple[str, ...]
    families: Mapping[str, tuple[str, ...]]
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    weight: NDArray[np.float64]
    intercept: float

    def parts(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Contribution of each figure in nats, none where the log cannot tell; shape (…, figures) → the same.

        A figure beyond what fitting saw says no more than the bounds: the weights know nothing out there.
        """
        distance = np.clip((values - self.mean) / self.spread, -SPREADS_MAX, SPREADS_MAX)
        return np.asarray(np.nan_to_num(distance * self.weight))

    def by_family(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Contribution of each family; shape (…, figures) → (…, families)."""
        parts = self.parts(values)
        places = [[self.names.index(name) for name in members] for members in self.families.values()]
        return np.stack([parts[..., chosen].sum(axis=-1) for chosen in places], axis=-1)

    def score(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of contributions without the family that contributes most; shape (k, figures) → (k,)."""
        families = self.by_family(values)
        return np.asarray(families.sum(axis=-1) - families.max(axis=-1) + self.intercept)

    def strongest(self, values: NDArray[np.float64]) -> str:
        """The family that contributes most to one row, which is left out; shape (figures,)."""
        return tuple(self.families)[int(np.argmax(np.round(self.by_family(values), DECISION_DIGITS)))]

    def shown(self, values: NDArray[np.float64], least: float) -> list[str]:
        """Figures that contribute at least so many nats to one row, strongest first; shape (figures,)."""
        parts = self.parts(values)
        order = sorted(range(len(self.names)), key=lambda place: (-round(float(parts[place]), DECISION_DIGITS), place))
        return [self.names[place] for place in order if parts[place] >= least]


@dataclass(frozen=True, slots=True)
class Reference:
    """Weights and library.

    Attributes:
        profile: weights of the figures of a group.
        form: weights of the figures of a form.
        kinds: kind of each operator of the library.
        values: shape (n, figures), their profiles.
        form_values: shape (n, figures), figures of each one's most telling form; not a number without one.
        own: how many of them, the last ones, are the provider's own; the others are simulated.
    """

    profile: Weights
    form: Weights
    kinds: tuple[str, ...]
    values: NDArray[np.float64]
    form_values: NDArray[np.float64]
    own: int = 0

    @property
    def null_model(self) -> str:
        """Whom a group is compared with, as a row of evidence says it."""
        made = f"simulated {len(self.kinds) - self.own}" if self.own else "all simulated"
        return f"exchangeable with the benign operators of the library (own {self.own}, {made})"

    def scores(self, known: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Scores of all profiles by the figures that a log can tell; shape (n,). `known` has shape (figures,)."""
        return self.profile.score(np.where(known, self.values, np.nan))

    def form_scores(self, known: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The same of everybody's most telling form; `NONE` without one."""
        return form_scores(self.form, np.where(known, self.form_values, np.nan))

    def nearest(self, values: NDArray[np.float64], many: int = NEAREST) -> tuple[str, ...]:
        """Kinds of the benign operators whose profiles are most like one profile, nearest first, each once.

        Args:
            values: shape (figures,).
            many: number of kinds.
        """
        theirs = self.profile.parts(np.where(np.isnan(values), np.nan, self.values))
        distance = np.round(((theirs - self.profile.parts(values)) ** 2).sum(axis=1), DECISION_DIGITS)
        nearest: dict[str, None] = {}
        for place in np.argsort(distance, kind="stable"):
            nearest.setdefault(self.kinds[place])
            if len(nearest) == many:
                break
        return tuple(nearest)


def soft_rank(score: float, others: NDArray[np.float64]) -> float:
    """ln of (n + 1) g(t₀) / (g(t₀) + Σ g(t_i)) with g(t) = exp(`RANK_POWER` · t).

    >>> round(float(np.exp(soft_rank(0.0, np.array([0.0, -50.0, NONE])))), 6)
    2.0
    """
    total = logsumexp(np.concatenate([[0.0], np.sort(RANK_POWER * (others - score))]))
    return float(np.log(len(others) + 1.0) - total)


def as_high(score: float, others: NDArray[np.float64]) -> int:
    """How many of the others score as high or higher."""
    return int((np.round(others, DECISION_DIGITS) >= round(score, DECISION_DIGITS)).sum())


def weights(fitted: Mapping[str, Any], families: Mapping[str, tuple[str, ...]], names: tuple[str, ...]) -> Weights:
    """One section of the file of weights."""
    columns = [fitted["figures"][name] for name in names]
    mean, spread, weight = (np.array([column[key] for column in columns]) for key in ("mean", "spread", "weight"))
    return Weights(names, families, mean, spread, weight, float(fitted["intercept"]))


@lru_cache(maxsize=1)
def reference() -> Reference:
    """The weights and the library that are shipped."""
    fitted = yaml.safe_load(WEIGHTS.read_text(encoding="utf-8"))
    profile = weights(fitted["profile"], FAMILIES, tuple(FIGURES))
    form = weights(fitted["form"], FORM_FAMILIES, tuple(FORM_FIGURES))
    table = pq.read_table(LIBRARY)
    values = np.stack([table[name].to_numpy().astype(np.float64) for name in FIGURES], axis=1)
    forms = np.stack([table[FORM_PREFIX + name].to_numpy().astype(np.float64) for name in FORM_FIGURES], axis=1)
    return Reference(profile, form, tuple(table["kind"].to_pylist()), values, forms)


@lru_cache(maxsize=4)
def reference_with(own: OwnOperators) -> Reference:
    """The library that is shipped, and the provider's own operators behind it."""
    shipped = reference()
    if not len(own):
        return shipped
    return Reference(
        shipped.profile,
        shipped.form,
        shipped.kinds + own.kinds,
        np.vstack([shipped.values, own.profiles]),
        np.vstack([shipped.form_values, own.forms]),
        len(own),
    )


def form_scores(form: Weights, forms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores of operators' most telling forms, `NONE` for a row without any figure; shape (n, figures) → (n,)."""
    return np.where(np.isnan(forms).all(axis=1), NONE, form.score(forms))


def most_telling(form: Weights, forms: NDArray[np.float64]) -> int:
    """Number of the form with the largest score, the first of equals; shape (k, figures), k ≥ 1."""
    return int(np.argmax(np.round(form.score(forms), DECISION_DIGITS)))
