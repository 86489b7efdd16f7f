"""e-BH: the worked example, its definition by brute force, ties, order, and that more evidence never hurts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.prove.multiplicity import posterior, q_values

EXAMPLE = np.log(np.array([4e5, 6e4, 4e4, 900, 3, 1, 0.5, 0.2, 0.1, 0.01]))
LOGS = st.lists(st.floats(-700, 60), min_size=1, max_size=12)


def rejected(log_e: list[float], level: float) -> set[int]:
    """The e-BH procedure as it is published: the R largest, R = max k with e_(k) ≥ m / (level · k)."""
    m = len(log_e)
    order = sorted(range(m), key=lambda i: -log_e[i])
    bounds = [np.log(m) - np.log(level) - np.log(k) for k in range(1, m + 1)]
    most = max((k for k in range(1, m + 1) if log_e[order[k - 1]] >= bounds[k - 1]), default=0)
    return set(order[:most])


def test_worked_example() -> None:
    assert [float(f"{q:.3g}") for q in q_values(EXAMPLE)] == [2.5e-5, 8.33e-5, 8.33e-5, 0.00278, 0.667, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(("level", "wanted"), [(1e-3, 3), (1e-4, 3), (1e-5, 0)])
def test_worked_example_discoveries(level: float, wanted: int) -> None:
    assert int((q_values(EXAMPLE) <= level).sum()) == wanted == len(rejected(EXAMPLE.tolist(), level))


@given(LOGS, st.sampled_from([0.5, 0.1, 0.01, 1e-4]))
def test_q_at_most_the_level_is_the_procedure(log_e: list[float], level: float) -> None:
    q = q_values(np.array(log_e))
    close = np.abs(np.log(q) - np.log(level)) < 1e-9
    if not close.any():
        assert set(np.flatnonzero(q <= level).tolist()) == rejected(log_e, level)


def test_ties_get_one_value() -> None:
    q = q_values(np.log(np.array([50.0, 200.0, 50.0, 1.0, 200.0])))
    assert q[0] == q[2] and q[1] == q[4]
    assert q[1] == pytest.approx(5 / (2 * 200))
    assert q[0] == pytest.approx(5 / (4 * 50))


@given(LOGS, st.randoms(use_true_random=False))
def test_order_of_groups_does_not_matter(log_e: list[float], random: object) -> None:
    order = list(range(len(log_e)))
    random.shuffle(order)  # type: ignore[attr-defined]
    values = np.array(log_e)
    assert q_values(values[order]) == pytest.approx(q_values(values)[order], rel=1e-8)


@given(LOGS, st.integers(0, 11), st.floats(0, 30))
def test_more_evidence_for_one_group_worsens_no_group(log_e: list[float], place: int, more: float) -> None:
    before = np.array(log_e)
    after = before.copy()
    after[place % len(log_e)] += more
    assert (q_values(after) <= q_values(before) * (1 + 1e-8)).all()


@given(LOGS)
def test_hopeless_groups_count(log_e: list[float]) -> None:
    """A group that formation returned and nobody could prove makes every other q larger, or leaves it at 1."""
    with_more = q_values(np.array([*log_e, -700.0, -700.0]))[: len(log_e)]
    assert (with_more >= q_values(np.array(log_e)) * (1 - 1e-9)).all()


def test_false_discoveries_stay_below_the_level() -> None:
    """990 null e-values exp(5z − 12.5) of equal correlation .5 and 10 true ones: FDP over 200 runs, at q = .1."""
    draw = np.random.default_rng(1)
    share = []
    found = 0
    for _ in range(200):
        z = np.sqrt(0.5) * draw.normal() + np.sqrt(0.5) * draw.normal(size=1_000)
        z[:10] += 5.0
        listed = q_values(5.0 * z - 12.5) <= 0.1
        share.append(float(listed[10:].sum()) / max(int(listed.sum()), 1))
        found += int(listed[:10].sum())
    assert np.mean(share) <= 0.1
    assert found > 1_000


@given(st.floats(-690, 690), st.floats(0.001, 0.5))
def test_posterior_is_bayes(log_e: float, prior: float) -> None:
    value = posterior(log_e, prior)
    assert 0.0 <= value <= 1.0
    if abs(log_e) < 20:
        assert value == pytest.approx(prior * np.exp(log_e) / (prior * np.exp(log_e) + 1 - prior))
