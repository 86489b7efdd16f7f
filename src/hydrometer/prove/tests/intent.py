"""H2: does the group ask for training data in the published ways more often than a random benign operator does?

Two ways, averaged. *Model*: for "any technique" and for each technique the effective number of flagged prompts against
a beta-binomial over benign operators of this run. *Rank*: the group's odds among theirs, distribution-free, and
therefore never more than the number of operators allows. Prompts of one wording count about once.
Source: `statistics.md` sections 2.2 (the rank's e-value), 4.1 (why a pooled rate fails) and 4.2 (the model).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.cases import Case, Counts, Evidence, Finding, Test
from hydrometer.base.units import bits
from hydrometer.prove.background import ALTERNATIVE_FROM, fit, log_e, log_mean

CLASS_SIZE = 10.0
"""Effective prompts from which operators are of one size class."""
CLASS_OPERATORS = 200
"""Operators that a size class must have; with fewer all operators are taken."""
RANK_SHARE, MODEL_SHARE = 0.8, 0.1
"""Weights of the mean: the distribution-free rank, the model for any technique, the model for single techniques."""
RANK_POWER = 2.0
"""Exponent of the rank's e-value: the higher, the more is lost by a single benign operator that asks likewise."""
LEAST_LOG_E = -700.0
"""Stands for an e-value of 0, as a finite number."""
SHOWN_BITS = 1.0
"""A technique gets a row of its own from this many bits."""


def judge(case: Case) -> Finding:
    """ln of the weighted mean of the e-values, with a row for each that says something."""
    group, benign = case.counts, matched(case)
    size = float(group.effective[0])
    if size <= 0.0 or len(benign.items) == 0:
        return Finding()
    rates = [("any technique", float(group.flagged[0]), benign.flagged)]
    rates += [
        (name, float(group.by_technique[0, k]), benign.by_technique[:, k]) for k, name in enumerate(case.techniques)
    ]
    values, rows = [], []
    for name, rate, benign_rates in rates:
        if rate < ALTERNATIVE_FROM:
            values.append(-np.inf)
            continue
        background = fit(benign_rates * benign.effective, benign.effective)
        value = log_e(rate * size, size, background)
        values.append(value)
        if name == "any technique" or bits(value) >= SHOWN_BITS:
            rows.append(_row(case, name, rate, value, background.operators, background.mean))
    rank = soft_rank_log_e(odds(rates[0][1] * size, size), odds(benign.flagged * benign.effective, benign.effective))
    rows.append(_rank_row(rates[0][1], rank, benign))
    parts = [rank + np.log(RANK_SHARE), values[0] + np.log(MODEL_SHARE), log_mean(values[1:]) + np.log(MODEL_SHARE)]
    return Finding(max(float(np.logaddexp.reduce(np.sort(parts))), LEAST_LOG_E), tuple(rows))


def matched(case: Case) -> Counts:
    """Benign operators of the group's size class: those with many wordings where it has many, and enough of them.

    A script with one wording that happens to be flagged has a rate of 1 and tells nothing of operators with hundreds.
    """
    size = min(float(case.counts.effective[0]), CLASS_SIZE)
    fit_class = case.background.effective >= size
    return case.background.of(fit_class) if int(fit_class.sum()) >= CLASS_OPERATORS else case.background


def odds(hits: NDArray[np.float64] | float, size: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Odds of the flag with half a hit and half a miss added."""
    return np.asarray((np.asarray(hits) + 0.5) / (np.asarray(size) - np.asarray(hits) + 0.5))


def soft_rank_log_e(own: NDArray[np.float64], others: NDArray[np.float64], power: float = RANK_POWER) -> float:
    """ln of (n + 1) g(t₀) / Σ g(t_i), g(t) = t^`power`: an e-value under exchangeability alone, at most n + 1.

    Args:
        own: the group's statistic, a scalar array.
        others: shape (n,), the benign operators' statistics.
        power: how strongly the largest are bet on.

    >>> round(float(np.exp(soft_rank_log_e(np.array(9.0), np.array([1.0, 0, 2, 1, 0, 3, 1, 1, 2]), 1.0))), 6)
    4.5
    """
    weights = np.sort((others / own) ** power)
    return float(np.log(len(others) + 1.0) - np.log1p(weights.sum()))


def _row(case: Case, name: str, rate: float, value: float, operators: int, benign_mean: float) -> Evidence:
    """The evidence row of one technique."""
    items = int(case.counts.items[0])
    shown = name.replace("_", " ").replace("cot ", "chain-of-thought ")
    return Evidence(
        "H2", "intent" if name == "any technique" else f"intent_{name}", "text", rate, "share of distinct prompts",
        operators, "random benign operator of the size class: beta + uniform tail over operators of this run", None,
        min(bits(value), float(np.log2(operators + 1))), bits(value),
        f"{rate:.1%} of {items} distinct prompts show {shown}; "
        f"the typical benign operator of {operators} seen shows {benign_mean:.2%}.",
    )  # fmt: skip


def _rank_row(rate: float, value: float, benign: Counts) -> Evidence:
    """The evidence row of the rank among benign operators."""
    above = int((np.round(benign.flagged, 9) >= round(rate, 9)).sum())
    return Evidence(
        "H2", "intent_rank", "text", rate, "share of distinct prompts", len(benign.items),
        "exchangeable with the benign operators of its size class in this run", None, bits(value), bits(value),
        f"{above} of {len(benign.items)} benign operators of its size class ask for training data in as large a share "
        "of their prompts.",
    )  # fmt: skip


TEST = Test(
    name="intent",
    hypothesis="H2",
    role="evidence",
    judge=judge,
    source="statistics cookbook, section 4.2",
    benign_twins=("examination_app", "evaluation_laboratory", "classroom"),
)
