"""A random benign operator: how often such operators show a flag, with heterogeneity and a heavy tail.

Benign operators differ, so the null of a rate is not one rate but a distribution G₀ over operators: a beta component
and a uniform one for operators of a rare kind (an examination app, an evaluation laboratory). The weight of the uniform
one is estimated, with a floor; for the beta's parameters the denominator of the e-value is the largest likelihood over
all that the data leave plausible, which repairs estimation, though not a wrong family: what exceeds log2(number of
benign operators + 1) bits is model, and is reported as such.
Source: `statistics.md` section 4.2 (beta-binomial null, ceiling, universal-inference denominator, two-component G₀).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaln, logsumexp

MEANS = np.geomspace(1e-5, 0.3, 28)
"""Means μ of the beta component that are tried."""
CORRELATIONS = np.array([0.001, 0.003, 0.01, 0.03, 0.1, 0.3])
"""Between-operator correlations ρ (sd of rates = √(μ(1−μ)ρ))."""
TAILS = np.geomspace(1e-6, 0.1, 26)
"""Weights w of the uniform component; the smallest is the model's floor: no H2 evidence beyond 20 bits."""
PLAUSIBLE_NATS = 3.0
"""Half of the 95 % point of χ² with 2 degrees: beta parameters whose log-likelihood is within it of the best stay."""
ALTERNATIVE_FROM = 0.02
"""Rates of data-set builders: uniform from here to 1."""
SIZE_STEP = 0.1
"""Effective sizes are grouped on a log grid of this step, so that a fit costs the same for any population."""
TEXT_CORRELATION = 0.9
"""Intraclass correlation of a text flag among prompts of one wording: the flag is nearly a function of the template."""


@dataclass(frozen=True, slots=True)
class Background:
    """Benign operators' rates: the plausible part of the grid.

    Attributes:
        beta_a: shape (k,), parameters of the beta component.
        beta_b: shape (k,).
        tail: weight of the uniform component, its estimate or the floor.
        operators: number of benign operators that it was estimated on.
        mean: mean rate at the best point.
        spread: sd between operators at the best point.
    """

    beta_a: NDArray[np.float64]
    beta_b: NDArray[np.float64]
    tail: float
    operators: int
    mean: float
    spread: float


def effective_size(items: NDArray[np.int64], wordings: NDArray[np.int64]) -> NDArray[np.float64]:
    """Effective number of independent prompts: n / (1 + (n̄ − 1)·ICC) with n̄ prompts per wording.

    >>> effective_size(np.array([100]), np.array([10])).round(2).tolist()
    [10.99]
    """
    return items / (1.0 + (items / np.maximum(wordings, 1) - 1.0) * TEXT_CORRELATION)


def log_beta_binomial(
    hits: NDArray[np.float64], size: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """ln of the beta-binomial likelihood without its binomial coefficient (which cancels in every ratio).

    The worked example of `statistics.md` section 4.2, S = 12 of n = 40, Beta(1.5, 3.5) against μ = .02, ρ = .01:

    >>> hits, size = np.array(12.0), np.array(40.0)
    >>> null = log_beta_binomial(hits, size, np.array(1.98), np.array(97.02))
    >>> round(float(log_beta_binomial(hits, size, np.array(1.5), np.array(3.5)) - null), 6)
    11.038158
    """
    return np.asarray(betaln(hits + a, size - hits + b) - betaln(a, b))


def log_alternative(hits: float, size: float) -> float:
    """ln m₁: rate uniform on (`ALTERNATIVE_FROM`, 1)."""
    above = betainc(size - hits + 1.0, hits + 1.0, 1.0 - ALTERNATIVE_FROM)
    return float(
        betaln(hits + 1.0, size - hits + 1.0) + np.log(np.maximum(above, 1e-300)) - np.log1p(-ALTERNATIVE_FROM)
    )


def fit(hits: NDArray[np.float64], size: NDArray[np.float64]) -> Background:
    """The plausible set of (μ, ρ, w) given benign operators.

    Args:
        hits: shape (n,), effective flags of each operator.
        size: shape (n,), effective prompts of each.
    """
    known = size > 0
    hits, size = hits[known], size[known]
    rounded = np.exp(np.round(np.log(np.maximum(size, 1e-9)) / SIZE_STEP) * SIZE_STEP)
    pairs, count = np.unique(np.round(hits / size * rounded, 1) + 1j * rounded, return_counts=True)
    mean, correlation = (grid.ravel() for grid in np.meshgrid(MEANS, CORRELATIONS, indexing="ij"))
    a, b = mean * (1.0 - correlation) / correlation, (1.0 - mean) * (1.0 - correlation) / correlation
    body = log_beta_binomial(pairs.real[:, None], pairs.imag[:, None], a, b)  # (pairs, grid)
    flat = log_beta_binomial(pairs.real, pairs.imag, np.array(1.0), np.array(1.0))[:, None]
    ratio = np.exp(body - flat)  # at most about the square root of the size
    top, weight = likeliest(count, ratio)
    likelihood = mixture(count, ratio, TAILS[weight])
    grid = np.flatnonzero(likelihood >= likelihood[top] - PLAUSIBLE_NATS)
    spread = float(np.sqrt(mean[top] * (1.0 - mean[top]) * correlation[top]))
    return Background(a[grid], b[grid], float(TAILS[weight]), len(hits), float(mean[top]), spread)


def mixture(
    count: NDArray[np.int64], ratio: NDArray[np.float64], tail: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Log likelihood of a mixture of each beta component with the uniform one, less that of the uniform one alone.

    Args:
        count: shape (n,), operators of each kind.
        ratio: shape (n, grid), likelihood by the beta component over that by the uniform one.
        tail: weight of the uniform one, for all or for each of the grid.

    Returns:
        shape (grid,).
    """
    return np.asarray(count @ np.log((1.0 - tail) * ratio + tail))


def likeliest(count: NDArray[np.int64], ratio: NDArray[np.float64]) -> tuple[int, int]:
    """(number in the grid, number in `TAILS`) of the likeliest mixture; of equal ones that of the smallest tail.

    The log likelihood is concave in the weight, so that each component's best is where its slope changes sign.

    Args:
        count: shape (n,), operators of each kind.
        ratio: shape (n, grid), likelihood by the beta component over that by the uniform one.
    """
    rising, falling = np.full(ratio.shape[1], -1), np.full(ratio.shape[1], len(TAILS) - 1)
    while (falling - rising > 1).any():
        middle = np.maximum((rising + falling) // 2, 0)
        slope = count @ ((1.0 - ratio) / ((1.0 - TAILS[middle]) * ratio + TAILS[middle]))
        rising, falling = np.where(slope > 0.0, middle, rising), np.where(slope > 0.0, falling, middle)
    ends = np.stack([np.maximum(rising, 0), falling])
    found = np.round(np.stack([mixture(count, ratio, TAILS[end]) for end in ends]), 9)
    best = np.flatnonzero(found.ravel() == found.max())
    _, top, end = min((int(ends.ravel()[one]), int(one % ratio.shape[1]), int(one // ratio.shape[1])) for one in best)
    return top, int(ends[end, top])


def log_e(hits: float, size: float, background: Background) -> float:
    """ln e of one operator's flags against a random benign operator; higher = more like building a data set.

    Args:
        hits: effective flags.
        size: effective prompts.
        background: benign operators' rates.
    """
    body = log_beta_binomial(np.array(hits), np.array(size), background.beta_a, background.beta_b)
    flat = betaln(hits + 1.0, size - hits + 1.0)
    null = np.logaddexp(body + np.log1p(-background.tail), flat + np.log(background.tail)).max()
    return log_alternative(hits, size) - float(null)


def log_mean(values: list[float]) -> float:
    """ln of the mean of e-values given as logs; sorted first, so that their order does not matter.

    >>> round(log_mean([0.0, 0.0]), 12)
    0.0
    """
    return float(logsumexp(np.sort(np.array(values))) - np.log(len(values))) if max(values) > -np.inf else -np.inf
