"""A random benign operator: worked values, scipy as oracle, the model's error rate on operators that differ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import integrate, stats

from hydrometer.prove.background import (
    ALTERNATIVE_FROM,
    TAILS,
    Background,
    effective_size,
    fit,
    likeliest,
    log_alternative,
    log_beta_binomial,
    log_e,
    log_mean,
    mixture,
)

A, B = 1.98, 97.02
"""Beta parameters of the worked example: μ = .02, ρ = .01."""
Sample = tuple[NDArray[np.float64], NDArray[np.float64]]


def lbb(hits: float, size: float, a: float, b: float) -> float:
    return float(log_beta_binomial(np.array(hits), np.array(size), np.array(a), np.array(b)))


@pytest.mark.parametrize(
    ("hits", "size", "naive", "wanted"), [(12, 40, 23.075380, 11.038158), (6, 100, -15.380089, -0.464467)]
)
def test_worked_examples(hits: int, size: int, naive: float, wanted: float) -> None:
    assert round(lbb(hits, size, 1.5, 3.5) - lbb(hits, size, A, B), 6) == wanted
    fixed = hits * np.log(0.3 / 0.02) + (size - hits) * np.log(0.7 / 0.98)
    assert round(float(fixed), 6) == naive
    assert round(wanted / np.log(2.0), 4) == (15.9247 if hits == 12 else -0.6701)


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.2, 30), st.floats(0.2, 300))
def test_likelihood_is_the_beta_binomials_of_scipy(hits: int, misses: int, a: float, b: float) -> None:
    size = hits + misses
    oracle = stats.betabinom.logpmf(hits, size, a, b) - stats.binom.logpmf(hits, size, 0.5) + size * np.log(0.5)
    assert lbb(hits, size, a, b) == pytest.approx(float(oracle), abs=1e-6)


@pytest.mark.parametrize(("hits", "size"), [(0.0, 5.0), (3.0, 10.0), (12.0, 40.0), (7.5, 7.5)])
def test_alternative_is_the_mean_over_rates_of_builders(hits: float, size: float) -> None:
    area, _ = integrate.quad(lambda rate: rate**hits * (1 - rate) ** (size - hits), ALTERNATIVE_FROM, 1.0)
    assert log_alternative(hits, size) == pytest.approx(np.log(area / (1 - ALTERNATIVE_FROM)), abs=1e-7)


def test_effective_size_counts_one_wording_about_once() -> None:
    sizes = effective_size(np.array([100, 100, 100, 1]), np.array([1, 10, 100, 1]))
    assert sizes == pytest.approx([100 / 90.1, 100 / 9.1, 100.0, 1.0])


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_effective_size_is_at_most_the_number_of_prompts(items: int, wordings: int) -> None:
    size = effective_size(np.array([items]), np.array([min(wordings, items)]))[0]
    assert 0 < size <= items + 1e-9
    assert size <= min(wordings, items) / 0.9 + 1e-9


def operators(count: int, draw: np.random.Generator, kind: str) -> Sample:
    """Flags and effective prompts of benign operators of heavy-tailed sizes: one beta, or a rare kind besides."""
    size = np.minimum(np.ceil(3.0 * (1.0 + draw.pareto(1.2, count))), 2_000.0)
    rate = draw.beta(A, B, count)
    if kind == "two kinds":
        rate = np.where(draw.random(count) < 0.01, draw.random(count), rate)
    return draw.binomial(size.astype(int), rate).astype(np.float64), size


@pytest.mark.parametrize("kind", ["one kind", "two kinds"])
def test_benign_operators_rarely_reach_a_hundred(kind: str) -> None:
    """5,000 new operators against backgrounds fitted on 600 others: P(e ≥ 100) ≤ .01, mean about 1 at most."""
    draw = np.random.default_rng(2)
    values: list[float] = []
    for _ in range(10):
        known = fit(*operators(600, draw, kind))
        values += [log_e(float(s), float(n), known) for s, n in zip(*operators(500, draw, kind), strict=True)]
    e = np.exp(np.array(values))
    assert len(e) == 5_000
    upper = float(stats.binomtest(int((e >= 100).sum()), len(e)).proportion_ci(0.95, "wilson").high)
    assert upper <= 0.01
    assert e.mean() <= 1.0 + 3.0 * e.std(ddof=1) / np.sqrt(len(e))


def test_one_rate_for_all_operators_would_take_far_more() -> None:
    """The test above can fail: against a single rate, operators that differ alarm many times as often."""
    draw = np.random.default_rng(3)
    hits, size = operators(5_000, draw, "one kind")
    mean = hits.sum() / size.sum()
    naive = np.array([log_alternative(s, n) for s, n in zip(hits, size, strict=True)])
    naive -= hits * np.log(mean) + (size - hits) * np.log1p(-mean)
    big = size >= 200
    assert (naive[big] >= np.log(100.0)).mean() > 0.02


def test_builders_are_told_from_benign_operators() -> None:
    known = fit(*operators(600, np.random.default_rng(4), "one kind"))
    assert log_e(30.0, 50.0, known) > np.log(1_000.0)
    assert log_e(1.0, 50.0, known) < 0.0


def test_evidence_grows_with_flags_and_ends_at_the_floor_of_the_tail() -> None:
    known = fit(*operators(600, np.random.default_rng(4), "one kind"))
    values = [log_e(float(hits), 60.0, known) for hits in range(3, 61)]
    assert (np.diff(values) >= -1e-9).all()
    assert log_e(5_000.0, 10_000.0, known) <= -np.log(TAILS[0]) + 0.1


def test_the_mean_is_found_and_the_spread_is_not_nought() -> None:
    draw = np.random.default_rng(5)
    size = np.full(2_000, 200.0)
    hits = draw.binomial(200, draw.beta(A, B, 2_000)).astype(np.float64)
    known = fit(hits, size)
    assert known.mean == pytest.approx(0.02, abs=0.006)
    assert 0.007 < known.spread < 0.03
    assert known.operators == 2_000


def test_order_of_operators_does_not_matter_and_empty_ones_do_not_count() -> None:
    draw = np.random.default_rng(6)
    hits, size = operators(300, draw, "two kinds")
    order = draw.permutation(300)
    plain = fit(hits, size)
    other = fit(np.append(hits[order], 0.0), np.append(size[order], 0.0))
    assert (plain.tail, plain.mean, plain.spread, plain.operators) == (other.tail, other.mean, other.spread, 300)
    assert np.array_equal(plain.beta_a, other.beta_a)


def test_a_wider_plausible_set_never_adds_evidence() -> None:
    known = fit(*operators(300, np.random.default_rng(7), "one kind"))
    narrow = Background(known.beta_a[:1], known.beta_b[:1], known.tail, 300, known.mean, known.spread)
    for hits in (0.0, 2.0, 10.0, 30.0):
        assert log_e(hits, 30.0, known) <= log_e(hits, 30.0, narrow) + 1e-12


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_mean_of_e_values_in_any_order(values: list[float], random: object) -> None:
    mixed = list(values)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert log_mean(mixed) == log_mean(values)
    assert log_mean(values) == pytest.approx(float(np.log(np.mean(np.exp(values)))), abs=1e-9)


def test_mean_of_nothing_but_zeros_is_zero() -> None:
    assert log_mean([-np.inf, -np.inf]) == -np.inf


@pytest.mark.parametrize("seed", range(12))
def test_the_likeliest_mixture_is_that_of_all_that_are_tried(seed: int) -> None:
    draw = np.random.default_rng(seed)
    kinds = int(draw.choice([1, 3, 40, 300]))
    ratio = np.exp(draw.normal(0.0, draw.choice([0.1, 1.0, 4.0]), (kinds, 30)))
    count = draw.integers(1, 50, kinds)
    every = np.round([mixture(count, ratio, tail) for tail in TAILS], 9)
    tail, top = np.unravel_index(int(np.argmax(every)), every.shape)
    assert likeliest(count, ratio) == (int(top), int(tail))
