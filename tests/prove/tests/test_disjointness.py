"""Work lists that are dealt out: the worked example, scipy's Poisson tails, a twin that counts by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from scipy.special import pdtr, pdtrc
from tests.prove.made import case

from hydrometer.base.cases import Finding
from hydrometer.base.workspace import Workspace
from hydrometer.prove.tests import disjointness
from hydrometer.prove.tests.disjointness import FACTOR_MIN, expected_collisions

MEMBERS = list(range(100, 140))
ITEMS = 400
LAST = 20


def test_worked_example() -> None:
    requests = [(0, 5), (1, 5), (0, 6), (2, 7)]
    distinct = np.bincount([account for account, _ in requests])
    assert distinct.tolist() == [2, 1, 1]
    assert expected_collisions([distinct], [10]) == 0.5
    assert sum(a[1] == b[1] for a, b in itertools.combinations(requests, 2)) == 1


@pytest.mark.parametrize(("collisions", "expected", "wanted"), [(20, 49.45, 1.7276e-6), (0, 12.35, 4.3298e-6)])
def test_lower_tails(collisions: int, expected: float, wanted: float) -> None:
    oracle = float(stats.poisson.cdf(collisions, expected))
    assert float(f"{oracle:.5g}") == wanted
    assert float(pdtr(collisions, expected)) == pytest.approx(oracle, rel=1e-9)
    assert float(pdtrc(collisions, expected)) == pytest.approx(float(stats.poisson.sf(collisions, expected)), rel=1e-9)


def items(asked: dict[int, np.ndarray[tuple[int], np.dtype[np.int64]]]) -> pa.Table:
    """Outsiders ask every public item once in the earlier half, members ask theirs in the later half."""
    rows = [(n % 90, n, 0) for n in range(ITEMS)]
    rows += [(unit, int(item), 15) for unit, own in asked.items() for item in sorted(set(own.tolist()))]
    unit, item, epoch = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return pa.table({"unit": unit, "item": item, "epoch": epoch, "techniques": np.ones(len(rows), np.int64)})


def judged(workspace: Workspace, asked: dict[int, np.ndarray[tuple[int], np.dtype[np.int64]]]) -> Finding:
    workspace.write("items", items(asked))
    return disjointness.judge(case(workspace, MEMBERS, last_epoch=LAST))


def test_agrees_with_counting_by_hand(workspace: Workspace) -> None:
    draw = np.random.default_rng(1)
    asked = {unit: draw.choice(ITEMS, 20, replace=False) for unit in MEMBERS}
    finding = judged(workspace, asked)
    by_hand = sum(len(set(asked[a].tolist()) & set(asked[b].tolist())) for a, b in itertools.combinations(MEMBERS, 2))
    expected = expected_collisions([np.array([20] * len(MEMBERS))], [ITEMS])
    (row,) = finding.evidence
    assert row.value == pytest.approx(by_hand / expected)
    assert row.n == len(MEMBERS)
    assert finding.log_e is not None and math.log(FACTOR_MIN) <= finding.log_e <= 0.0


def test_strangers_are_not_acquitted(workspace: Workspace) -> None:
    """Members who ask independently lose nothing, but for the chance that the Poisson tail allows."""
    lost = 0
    for seed in range(30):
        draw = np.random.default_rng(seed)
        finding = judged(workspace, {unit: draw.choice(ITEMS, 12, replace=False) for unit in MEMBERS})
        assert finding.log_e is not None
        lost += finding.log_e < math.log(0.05)
    assert lost <= 5


def test_a_list_that_is_dealt_out_adds_nothing(workspace: Workspace) -> None:
    draw = np.random.default_rng(2)
    dealt = np.array_split(draw.permutation(ITEMS), len(MEMBERS))
    finding = judged(workspace, dict(zip(MEMBERS, dealt, strict=True)))
    assert finding.log_e == 0.0 and finding.explanation is None
    assert finding.evidence[0].value == 0.0


def test_common_questions_count_against_a_work_list(workspace: Workspace) -> None:
    """A class of forty on the same exercises."""
    draw = np.random.default_rng(3)
    finding = judged(workspace, {unit: draw.choice(30, 12, replace=False) for unit in MEMBERS})
    assert finding.log_e == pytest.approx(math.log(FACTOR_MIN))
    assert finding.explanation is not None


def test_private_prompts_say_nothing(workspace: Workspace) -> None:
    asked = {unit: np.arange(20) + 1_000 * unit for unit in MEMBERS}
    finding = judged(workspace, asked)
    assert finding.log_e is None and finding.evidence == ()


def test_an_empty_log_says_nothing(workspace: Workspace) -> None:
    workspace.write("items", items({}).slice(0, 0))
    assert disjointness.judge(case(workspace, MEMBERS, last_epoch=LAST)).log_e is None
