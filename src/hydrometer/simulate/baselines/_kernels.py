"""Maximum mean discrepancy in a time linear in the number of points, by random Fourier features.

MMD² between two samples under the mean of four Gaussian kernels, widths σ·{½, 1, 2, 4}, is the squared distance between
their mean features (Gretton et al. 2012; Rahimi & Recht 2007). Every feature vector has length 1, because it holds the
cosine and the sine of each frequency, so the unbiased statistic needs no sum over pairs either. What random features
give is itself an MMD, of a kernel close to the Gaussian one; a test compares it with the sum over all pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
Sizes = NDArray[np.float64] | float

WIDTHS = (0.5, 1.0, 2.0, 4.0)
"""Widths of the kernels in units of the median distance."""
FREQUENCIES_EACH = 128
"""Frequencies for each kernel."""
_MEDIAN_SAMPLE = 1_000
_LEAST_SIGMA = 1e-6
CHUNK_ROWS = 30_000


def median_distance(points: Points, draw: np.random.Generator) -> float:
    """Median distance between two points of a subsample: the width of the kernels."""
    chosen = points[draw.permutation(len(points))[:_MEDIAN_SAMPLE]].astype(np.float64)
    squares = (chosen**2).sum(axis=1)
    distances = squares[:, None] + squares[None, :] - 2 * chosen @ chosen.T
    apart = distances[np.triu_indices(len(chosen), 1)]
    return max(float(np.sqrt(np.median(np.maximum(apart, 0)))) if len(apart) else 1.0, _LEAST_SIGMA)


def frequencies(dimensions: int, sigma: float, draw: np.random.Generator) -> Points:
    """Frequencies of all kernels, shape (dimensions, kernels · FREQUENCIES_EACH); σ in units of distance."""
    widths = np.repeat(np.array(WIDTHS) * sigma, FREQUENCIES_EACH)
    return np.asarray(draw.standard_normal((dimensions, len(widths))) / widths, dtype=np.float32)


def features(points: Points, waves: Points) -> Points:
    """Features of points, shape (points, 2 · frequencies); the inner product of two is the kernel of their points."""
    angles = points @ waves
    waved = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    return np.asarray(waved / np.sqrt(waves.shape[1]), dtype=np.float32)


def run_means(
    points: Points, waves: Points, starts: NDArray[np.int64], counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Mean features of consecutive runs of points, shape (runs, features); `starts` ascend and leave no gap."""
    means = np.zeros((len(starts), 2 * waves.shape[1]))
    run = 0
    while run < len(starts):
        last = max(run + 1, int(np.searchsorted(starts, starts[run] + CHUNK_ROWS)))
        first_row, end_row = starts[run], starts[last - 1] + counts[last - 1]
        for row in range(first_row, end_row, CHUNK_ROWS):
            part = features(points[row : min(row + CHUNK_ROWS, end_row)], waves)
            inside = np.clip(starts[run:last] - row, 0, len(part))
            ends = np.clip(starts[run:last] + counts[run:last] - row, 0, len(part))
            touched = np.flatnonzero(ends > inside)
            means[run + touched] += np.add.reduceat(part, inside[touched], axis=0, dtype=np.float64)
        run = last
    return np.asarray(means / counts[:, None])


def within(mean: NDArray[np.float64], count: Sizes) -> NDArray[np.float64]:
    """Mean kernel over pairs of different points of a sample, from its mean features and its size."""
    return np.asarray((count * (mean**2).sum(axis=-1) - 1) / (count - 1))


def squared_mmd(
    mean: NDArray[np.float64], count: Sizes, other: NDArray[np.float64], other_count: Sizes
) -> NDArray[np.float64]:
    """Unbiased MMD² of samples from their mean features, shape (..., features), and sizes; may be below 0."""
    between = np.asarray((mean * other).sum(axis=-1))
    return np.asarray(within(mean, count) + within(other, other_count) - 2 * between)
