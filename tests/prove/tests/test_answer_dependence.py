"""Reaction to answers: the worked example, the ceiling of its evidence, and what talk and reading out look like."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from tests.prove.made import case

from hydrometer.base.cases import Finding
from hydrometer.base.units import bits
from hydrometer.base.workspace import Workspace
from hydrometer.prove.tests import answer_dependence
from hydrometer.prove.tests.answer_dependence import covariance_measure, density, log_likelihood_ratio, ranked

CEILING_BITS = math.log2(1.0 / 0.3)


def test_worked_example() -> None:
    x = np.array([20.0, 55, 31, 80, 22, 60, 90, 35])
    y = np.array([400.0, 120, 300, 90, 500, 200, 50, 250])
    words, answers, following = x[1:7], y[1:7], x[2:8]
    own = [ranked(values).tolist() for values in (words, answers, following)]
    assert own == [[3, 2, 5, 1, 4, 6], [3, 5, 2, 6, 4, 1], [2, 5, 1, 4, 6, 3]]
    products = covariance_measure(words, answers, following)
    assert round(float(products.sum() / np.sqrt((products**2).sum())), 6) == 1.416037


@pytest.mark.parametrize(("error", "wanted"), [(0.1, 1.30), (0.05, 1.61), (0.02, 1.69), (0.01, 1.70)])
def test_evidence_at_effect_nought(error: float, wanted: float) -> None:
    assert round(bits(log_likelihood_ratio(0.0, error)), 2) == wanted


@given(st.floats(-1, 1), st.floats(0.001, 1))
def test_harvesting_is_never_supported_beyond_the_ceiling(effect: float, error: float) -> None:
    assert bits(log_likelihood_ratio(effect, error)) <= CEILING_BITS + 1e-9


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_ranks_are_those_of_scipy(values: list[int]) -> None:
    assert ranked(np.array(values, np.float64)).tolist() == stats.rankdata(values).tolist()


def test_density_is_the_normal_of_scipy() -> None:
    assert density(0.3, 0.25, 0.1) == pytest.approx(float(stats.norm.pdf(0.3, 0.25, 0.1)))


def conversations(reaction: float, draw: np.random.Generator, accounts: int = 12, turns: int = 60) -> pa.Table:
    """Turns of some accounts: topics persist (AR .9), answers follow prompts, the next prompt reacts as told."""
    rows: dict[str, list[NDArray[np.float64]]] = {"words": [], "answers": []}
    for _ in range(accounts):
        x, y = np.zeros(turns), np.zeros(turns)
        for t in range(turns):
            x[t] = (0.9 * x[t - 1] + reaction * (y[t - 1] - 0.5 * x[t - 1]) if t else 0.0) + draw.normal()
            y[t] = 0.5 * x[t] + draw.normal()
        rows["words"].append(x)
        rows["answers"].append(y)
    words, answers = (np.concatenate(rows[name]) for name in ("words", "answers"))
    number = np.arange(accounts * turns)
    return pa.table({
        "exchange_id": [f"e{n}" for n in number], "account_id": [f"a{n // turns}" for n in number],
        "sent_us": number * 60_000_000, "conversation": number // turns, "turn": number % turns + 1,
        "words": np.round(500 + 50 * words).astype(np.int64),
        "output_tokens": np.round(900 + 90 * answers).astype(np.int64),
        "techniques": np.ones(len(number), np.int64),
    })  # fmt: skip


def judged(workspace: Workspace, table: pa.Table) -> Finding:
    accounts = sorted(set(table["account_id"].to_pylist()))
    workspace.write("fingerprints", table)
    workspace.write("units", pa.table({"account_id": accounts, "unit": np.arange(len(accounts))}))
    return answer_dependence.judge(case(workspace, list(range(len(accounts))), last_epoch=10_000))


def test_a_list_that_is_read_out_is_not_called_talk_though_topics_persist(workspace: Workspace) -> None:
    """The marginal correlation rejects always when topics persist; given the prompt, about one run in twenty does."""
    talk = 0
    for seed in range(40):
        finding = judged(workspace, conversations(0.0, np.random.default_rng(seed)))
        assert finding.log_e is not None and bits(finding.log_e) <= CEILING_BITS
        talk += finding.explanation is not None
    assert talk <= 4


def test_talk_counts_against_a_work_list(workspace: Workspace) -> None:
    finding = judged(workspace, conversations(0.5, np.random.default_rng(1)))
    assert finding.log_e is not None and finding.log_e < -3.0
    assert finding.explanation is not None
    assert finding.evidence[0].model_bits == pytest.approx(bits(finding.log_e))


def test_rows_in_another_order_say_the_same(workspace: Workspace) -> None:
    table = conversations(0.2, np.random.default_rng(2))
    first = judged(workspace, table)
    mixed = table.take(pa.array(np.random.default_rng(3).permutation(len(table))))
    assert judged(workspace, mixed) == first


def test_traffic_of_depth_one_abstains(workspace: Workspace) -> None:
    table = conversations(0.5, np.random.default_rng(4))
    alone = table.set_column(table.column_names.index("conversation"), "conversation", pa.array(np.arange(len(table))))
    finding = judged(workspace, alone)
    assert finding.log_e is None and finding.evidence == ()


def test_talk_without_techniques_cannot_acquit(workspace: Workspace) -> None:
    table = conversations(0.5, np.random.default_rng(5))
    cover = table.set_column(
        table.column_names.index("techniques"), "techniques", pa.array(np.zeros(len(table), np.int64))
    )
    assert judged(workspace, cover).log_e is None
