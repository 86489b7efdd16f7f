"""Intent: the rank's e-value is exact and bounded, and the whole keeps its level on benign operators."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from tests.prove.made import case, counts

from hydrometer.base.workspace import Workspace
from hydrometer.prove.tests import intent
from hydrometer.prove.tests.intent import matched, odds, soft_rank_log_e


def benign(count: int, draw: np.random.Generator, rare: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Prompts (heavy-tailed) and flag rates of benign operators; a share `rare` asks like builders."""
    size = np.minimum(np.ceil(4.0 * (1.0 + draw.pareto(1.2, count))), 1_000.0).astype(np.int64)
    rate = np.where(draw.random(count) < rare, draw.random(count), draw.beta(1.98, 97.02, count))
    return size, draw.binomial(size, rate) / size


def test_worked_example_of_the_rank() -> None:
    others = np.array([1.0, 0, 2, 1, 0, 3, 1, 1, 2])
    assert math.exp(soft_rank_log_e(np.array(9.0), others, 1.0)) == pytest.approx(4.5)


@given(st.lists(st.floats(0.01, 1e4), min_size=1, max_size=30))
def test_rank_averages_one_over_the_places_of_any_orbit(values: list[float]) -> None:
    """Whichever of n + 1 exchangeable operators is the group: the mean of the e-values is 1, and none exceeds n + 1."""
    every = np.array(values)
    e = [math.exp(soft_rank_log_e(every[n], np.delete(every, n))) for n in range(len(every))]
    assert math.fsum(e) / len(e) == pytest.approx(1.0, abs=1e-9)
    assert max(e) <= len(every) + 1e-9


@pytest.mark.parametrize("rare", [0.0, 0.01])
def test_rank_of_a_left_out_benign_operator_has_mean_one(rare: float) -> None:
    draw = np.random.default_rng(1)
    values = []
    for _ in range(25):
        size, rate = benign(200, draw, rare)
        asked = odds(rate * size, size.astype(np.float64))
        values += [math.exp(soft_rank_log_e(asked[n], np.delete(asked, n))) for n in range(200)]
    assert len(values) == 5_000
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    assert float(np.mean(values)) <= 1.0 + stats.t.ppf(0.975, len(values) - 1) * error
    assert max(values) <= 201.0


@pytest.mark.parametrize("rare", [0.0, 0.01])
def test_the_whole_test_keeps_its_level_on_benign_operators(workspace: Workspace, rare: float) -> None:
    """Each of 1,000 benign operators judged as if it were the group, the others of its world the background."""
    draw = np.random.default_rng(2)
    values = []
    for _ in range(20):
        size, rate = benign(450, draw, rare)
        known = counts(size[50:], rate[50:])
        for n in range(50):
            group = counts(size[n : n + 1], rate[n : n + 1])
            values.append(intent.judge(case(workspace, [0], group=group, background=known)).log_e or 0.0)
    e = np.exp(np.array(values))
    assert len(e) == 1_000
    upper = float(stats.binomtest(int((e >= 100).sum()), len(e)).proportion_ci(0.95, "wilson").high)
    assert upper <= 0.01
    assert e.mean() <= 1.0 + 3.0 * e.std(ddof=1) / math.sqrt(len(e))


def test_a_builder_is_found_and_its_rows_say_from_how_many(workspace: Workspace) -> None:
    size, rate = benign(600, np.random.default_rng(3), 0.0)
    finding = intent.judge(case(workspace, [0], group=counts([300], [0.7]), background=counts(size, rate)))
    assert finding.log_e is not None and finding.log_e > math.log(100.0)
    rows = {row.signal: row for row in finding.evidence}
    assert {"intent", "intent_rank"} <= set(rows)
    able = rows["intent_rank"].n or 0
    assert 0 < able <= 600
    for row in rows.values():
        assert row.hypothesis == "H2" and row.n
        assert (row.empirical_bits or 0.0) <= math.log2(row.n + 1) + 1e-9
    assert (rows["intent_rank"].model_bits or 0.0) <= math.log2(able + 1) + 1e-9


def test_more_flags_are_never_less_evidence(workspace: Workspace) -> None:
    size, rate = benign(300, np.random.default_rng(4), 0.01)
    known = counts(size, rate)
    values = [
        intent.judge(case(workspace, [0], group=counts([80], [share]), background=known)).log_e or 0.0
        for share in (0.0, 0.03, 0.1, 0.3, 0.6, 1.0)
    ]
    assert (np.diff(values) >= -1e-9).all() and values[-1] > values[0]


def test_prompts_of_one_wording_count_about_once(workspace: Workspace) -> None:
    size, rate = benign(300, np.random.default_rng(5), 0.01)
    known = counts(size, rate)
    many = intent.judge(case(workspace, [0], group=counts([400], [0.9]), background=known)).log_e
    one = intent.judge(
        case(workspace, [0], group=counts([400], [0.9], effective=np.array([1.1])), background=known)
    ).log_e
    assert many is not None and one is not None and one < math.log(20.0) < many


def test_without_prompts_or_operators_it_abstains(workspace: Workspace) -> None:
    known = counts([10, 20], [0.0, 0.1])
    assert intent.judge(case(workspace, [0], group=counts([0], [0.0]), background=known)).log_e is None
    assert intent.judge(case(workspace, [0], group=counts([30], [0.5]))).log_e is None


def test_background_is_of_the_groups_size_class_where_there_are_enough(workspace: Workspace) -> None:
    size = np.array([2] * 300 + [50] * 250)
    known = counts(size, np.zeros(550))
    assert len(matched(case(workspace, [0], group=counts([90], [0.1]), background=known)).items) == 250
    assert (
        len(matched(case(workspace, [0], group=counts([90], [0.1]), background=known.of(np.arange(400)))).items) == 400
    )
