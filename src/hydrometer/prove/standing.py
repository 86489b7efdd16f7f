"""How a group stands among the provider's own benign operators: what `benign_p` and the level `confirmed` need.

H2 chose the group, so a p-value against all operators would be too small. Both sides therefore pass one fixed gate:
the e-value of usage against the library that is shipped, which depends on neither the run nor the operators. A group
past the gate is ranked by that same e-value among the operators past it. Beside it, each statistic of H2 is ranked by
itself among all own operators.
Source: `statistics.md` sections 3.3 (conformal, selection, floor) and 3.5 (the decision);
decision 0014.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from hydrometer.base.cases import Evidence, OwnOperators, Usage
from hydrometer.base.contract_sums import CONFIRMED_BENIGN_P
from hydrometer.base.units import DECISION_DIGITS, decide
from hydrometer.prove.profile import FIGURES
from hydrometer.prove.reference import EVERY, ITEMS_MIN, NONE, RANK_POWER, as_high, form_scores, reference

GATE_NATS = float(np.log(100.0))
"""ln of the gate: e-BH at q ≤ 0.01 lists no group below e = 1/q, so that every listed group's H2 is past it."""
STATISTICS_MIN = 2
"""Different statistics of H2 that must be rare, each by itself, for a group to be confirmed."""
OPERATORS_MIN = round(1.0 / CONFIRMED_BENIGN_P) - 1
"""Fewest operators among which a rank can be as small as 0.01: 1/(n + 1) ≤ 0.01."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One group among the provider's own operators.

    Attributes:
        own: number of operators.
        passed: how many of them are past the gate.
        past_gate: whether the group is.
        benign_p: conformal p-value among those; None where it is not past the gate or fewer than 99 of them are.
        ranks: statistic of H2 → rank p-value among all own operators.
    """

    own: int
    passed: int
    past_gate: bool
    benign_p: float | None
    ranks: dict[str, float]

    @property
    def rare(self) -> tuple[str, ...]:
        """Statistics that at most 1 % of own operators reach."""
        return tuple(name for name, p in self.ranks.items() if decide(p) <= CONFIRMED_BENIGN_P)

    @property
    def confirms(self) -> bool:
        """Whether a group that is listed may be called confirmed."""
        rare_itself = self.benign_p is not None and decide(self.benign_p) <= CONFIRMED_BENIGN_P
        return rare_itself and len(self.rare) >= STATISTICS_MIN

    def evidence(self) -> Evidence:
        """The row that says so."""
        ranks = ", ".join(f"{name.replace('_', ' ')} {p:.3g}" for name, p in self.ranks.items())
        if self.benign_p is not None:
            said = f"Among the {self.passed} own benign operators past the gate of H2 its rank p is {self.benign_p:.3g}"
        elif not self.past_gate:
            said = "It is not past the gate of H2 by how it works, so that no p-value is stated"
        else:
            said = (
                f"{self.passed} of {self.own} own benign operators are past the gate of H2; a p-value needs "
                f"{OPERATORS_MIN}"
            )
        return Evidence(
            "H4", "own_library", None, self.benign_p, "conformal p-value", self.passed,
            f"exchangeable with the provider's own benign operators past the gate (own {self.own})", None, None, None,
            f"{said}. Ranks of single statistics among all {self.own}: {ranks}.",
        )  # fmt: skip


def standing(own: OwnOperators, usage: Usage, items: int) -> Standing | None:
    """How a group stands; None without own operators, or where its prompts are too few to say how it works.

    Args:
        own: the provider's own operators.
        usage: how the group works.
        items: its distinct prompts.

    Returns:
        None without own operators, on too few prompts, and where the log cannot tell a figure that theirs have.
    """
    if not len(own) or items < ITEMS_MIN or np.isnan(usage.profile).any():
        return None
    shipped, theirs = reference(), statistics(own)
    forms = np.round(shipped.form.score(usage.forms), DECISION_DIGITS) if len(usage.forms) else np.array([NONE])
    mine = {
        "intent": float(usage.profile[list(FIGURES).index("techniques")]),
        "harvest": float(shipped.profile.score(usage.profile[None, :])[0]), "harvest_form": float(forms.max()),
    }  # fmt: skip
    gate = float(usage_nats(np.array([mine["harvest"]]), np.array([mine["harvest_form"]]))[0])
    passed = theirs["gate"][past(theirs["gate"])]
    past_gate = bool(past(np.array([gate]))[0])
    comparable = past_gate and len(passed) >= OPERATORS_MIN
    return Standing(
        len(own), len(passed), past_gate, rank_p(gate, passed) if comparable else None,
        {name: rank_p(value, theirs[name]) for name, value in mine.items()},
    )  # fmt: skip


@lru_cache(maxsize=4)
def statistics(own: OwnOperators) -> dict[str, NDArray[np.float64]]:
    """The statistics of H2 and the gate's of each own operator; shapes (n,)."""
    shipped = reference()
    scores, forms = shipped.profile.score(own.profiles), form_scores(shipped.form, own.forms)
    techniques = own.profiles[:, list(FIGURES).index("techniques")]
    return {"intent": techniques, "harvest": scores, "harvest_form": forms, "gate": usage_nats(scores, forms)}


def passing(own: OwnOperators) -> int:
    """How many own operators are past the gate."""
    return int(past(statistics(own)["gate"]).sum()) if len(own) else 0


def usage_nats(scores: NDArray[np.float64], forms: NDArray[np.float64]) -> NDArray[np.float64]:
    """ln of the mean of both e-values of usage against the shipped library; of the first alone without a form.

    Args:
        scores: shape (k,), scores of profiles.
        forms: shape (k,), scores of most telling forms; `NONE` without one.
    """
    shipped = reference()
    whole, best = soft_ranks(scores, shipped.scores(EVERY)), soft_ranks(forms, shipped.form_scores(EVERY))
    return np.where(forms == NONE, whole, np.logaddexp(whole, best) - np.log(2.0))


def soft_ranks(scores: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """The soft rank's ln e (see `reference.soft_rank`) of many scores among one set of others; shape (k,).

    >>> np.exp(soft_ranks(np.array([0.0]), np.array([0.0, -50.0, NONE]))).round(6).tolist()
    [2.0]
    """
    most = np.log(len(others) + 1.0)
    return np.asarray(most - np.logaddexp(0.0, logsumexp(RANK_POWER * np.sort(others)) - RANK_POWER * scores))


def past(gate: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which values are past the gate."""
    return np.asarray(np.round(gate, DECISION_DIGITS) >= round(GATE_NATS, DECISION_DIGITS))


def rank_p(value: float, others: NDArray[np.float64]) -> float:
    """(1 + others as high) / (n + 1).

    >>> rank_p(3.0, np.array([1.0, 3.0, 5.0]))
    0.75
    """
    return (1 + as_high(value, others)) / (len(others) + 1)
