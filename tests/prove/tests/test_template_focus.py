"""Filled-in forms: a rank that can only exonerate, within the floor of the number of operators."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.prove.made import case, counts

from hydrometer.base.workspace import Workspace
from hydrometer.prove.tests import template_focus

OPERATORS = 99


def judged(
    workspace: Workspace, share: float, others: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> tuple[float | None, float]:
    """(ln e, bits of the row) of a group of which a share of the prompts are forms."""
    group = counts([100], [0.0], filled=np.array([share]))
    known = counts(np.full(len(others), 50), np.zeros(len(others)), filled=others)
    finding = template_focus.judge(case(workspace, [0], group=group, background=known))
    return finding.log_e, (finding.evidence[0].model_bits or 0.0) if finding.evidence else 0.0


def test_more_forms_than_anybody_reach_the_calibrators_floor_and_add_nothing(workspace: Workspace) -> None:
    log_e, bits = judged(workspace, 1.0, np.linspace(0, 0.9, OPERATORS))
    assert log_e == 0.0
    assert bits == pytest.approx(math.log2(0.5 / math.sqrt(1 / (OPERATORS + 1))))
    assert bits <= math.log2(OPERATORS + 1)


def test_fewer_forms_than_anybody_count_against_a_work_list(workspace: Workspace) -> None:
    log_e, _ = judged(workspace, 0.0, np.linspace(0.1, 1.0, OPERATORS))
    assert log_e == pytest.approx(math.log(2.0 / (OPERATORS + 1)))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1), others=st.lists(st.floats(0, 1), min_size=20, max_size=60))
def test_it_never_adds_and_is_bounded(workspace: Workspace, share: float, others: list[float]) -> None:
    log_e, bits = judged(workspace, share, np.array(others))
    assert log_e is not None and math.log(1.0 / (len(others) + 1)) <= log_e <= 0.0
    assert bits <= math.log2(len(others) + 1)


def test_the_e_value_of_an_exchangeable_operator_has_mean_one_at_most(workspace: Workspace) -> None:
    """The row's e-value over all places of one orbit, ties included."""
    every = np.round(np.random.default_rng(1).beta(0.5, 1.0, 60), 1)
    values = [2.0 ** judged(workspace, float(every[n]), np.delete(every, n))[1] for n in range(60)]
    assert np.mean(values) <= 1.0 + 1e-9


def test_too_few_prompts_or_operators_abstain(workspace: Workspace) -> None:
    assert judged(workspace, 0.5, np.zeros(19))[0] is None
    few = case(workspace, [0], group=counts([19], [0.0]), background=counts([50] * 40, [0.0] * 40))
    assert template_focus.judge(few).log_e is None
