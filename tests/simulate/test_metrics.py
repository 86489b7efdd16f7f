"""Worked examples of the statistics cookbook, section 12, and brute-force twins."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from hydrometer.simulate import metrics


def test_b_cubed_worked_example() -> None:
    assert metrics.b_cubed("1112233", "1111223") == pytest.approx((0.714286, 0.642857, 0.676692), abs=1e-6)


def test_b_cubed_trap_of_singletons() -> None:
    true = [f"single{number}" for number in range(94)] + ["a"] * 3 + ["b"] * 3
    found = true[:94] + ["merged"] * 6
    campaign = [False] * 94 + [True] * 6
    assert metrics.b_cubed(found, true)[2] == pytest.approx(0.985, abs=5e-4)
    assert metrics.b_cubed(found, true, campaign)[2] == pytest.approx(2 / 3)
    assert metrics.b_cubed(found, true, [not one for one in campaign])[2] == 1.0


def test_b_cubed_equals_its_definition() -> None:
    draw = np.random.Generator(np.random.Philox(key=3))
    found, true = draw.integers(0, 4, 40).astype(str).tolist(), draw.integers(0, 5, 40).astype(str).tolist()
    precision = recall = 0.0
    for i in range(40):
        same = sum(found[i] == found[j] and true[i] == true[j] for j in range(40))
        precision += same / found.count(found[i]) / 40
        recall += same / true.count(true[i]) / 40
    assert metrics.b_cubed(found, true)[:2] == pytest.approx((precision, recall))


def test_b_cubed_of_nothing_is_unknown() -> None:
    assert metrics.b_cubed([], []) == (None, None, None)


def test_jaccard_worked_example() -> None:
    first, second = {str(n) for n in range(10)}, {str(n) for n in range(2, 12)}
    assert metrics.jaccard(first, second) == pytest.approx(8 / 12)
    assert metrics.jaccard(set(), set()) == 0.0


def test_match_is_one_to_one_and_of_most_weight() -> None:
    truth = {"a": set("123456"), "b": set("789")}
    found = {"x": set("1234567"), "y": set("1289"), "z": set("qr")}
    matched = metrics.match(truth, found)
    best = max(
        sum(metrics.jaccard(truth[t], found[f]) for t, f in zip(truth, order, strict=True))
        for order in itertools.permutations(found, len(truth))
    )
    assert matched["a"][0] == "x" and matched["b"][0] == "y"
    assert sum(weight for _, weight in matched.values()) == pytest.approx(best)
    assert metrics.match({"a": {"1"}}, {"x": {"2"}}) == {}
    assert metrics.match({}, found) == {} and metrics.match(truth, {}) == {}


@pytest.mark.parametrize(("units", "per_100k"), [(300_000, 0.9986), (15_000, 19.97)])
def test_upper_bound_worked_examples(units: int, per_100k: float) -> None:
    bound = metrics.upper_bound(0, units)
    assert bound is not None and bound * 1e5 == pytest.approx(per_100k, abs=5e-3)


def test_upper_bound_at_the_ends() -> None:
    assert metrics.upper_bound(0, 0) is None
    assert metrics.upper_bound(5, 5) == 1.0
    few, more = metrics.upper_bound(1, 100), metrics.upper_bound(2, 100)
    assert few is not None and more is not None and 0.01 < few < more


@pytest.mark.parametrize(("gate", "value"), [(0.01, 0.32), (0.001, 0.83), (0.0001, 0.98)])
def test_predictive_value_worked_example(gate: float, value: float) -> None:
    """2,000 operators of which 10 are campaigns, recall 0.95."""
    assert metrics.predictive_value(0.95, gate, 10 / 2_000) == pytest.approx(value, abs=5e-3)


def test_predictive_value_at_the_ends() -> None:
    assert metrics.predictive_value(None, 0.1, 0.1) is None and metrics.predictive_value(0.5, None, 0.1) is None
    assert metrics.predictive_value(0.0, 0.0, 0.1) is None, "nothing is flagged"
    assert metrics.predictive_value(0.5, 0.0, 0.1) == 1.0


def test_quantiles_among_infinite_values_are_unknown() -> None:
    values = [4.0, 1.0, math.inf, 2.0, 3.0]
    assert metrics.quantile(values, 0.5) == 3.0 and metrics.quantile(values, 0.75) == 4.0
    assert metrics.quantile(values, 0.9) is None and metrics.quantile([], 0.5) is None
    finite = [4.0, 1.0, 7.0, 2.0]
    assert metrics.quantile(finite, 0.9) == pytest.approx(float(np.quantile(finite, 0.9)))


def test_t_interval_covers_the_mean_at_its_rate() -> None:
    draw = np.random.Generator(np.random.Philox(key=4))
    covered = 0
    for sample in draw.standard_normal((2_000, 8)).tolist():
        low, high = metrics.t_interval(sample)
        assert low is not None and high is not None
        covered += low <= 0.0 <= high
    assert 0.935 < covered / 2_000 < 0.965
    assert metrics.t_interval([1.0]) == (None, None)
