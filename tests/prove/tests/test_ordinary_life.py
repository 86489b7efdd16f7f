"""Ordinary talk: most of the traffic goes on with conversations, or the test says nothing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from tests.prove.made import case

from hydrometer.base.cases import Finding
from hydrometer.base.workspace import Workspace
from hydrometer.prove.tests import ordinary_life


def judged(workspace: Workspace, turns: list[int | None], *, last_epoch: int = 100) -> Finding:
    """Ten accounts that each send exchanges of these turns."""
    names = [f"a{n}" for n in range(10)]
    rows = [(name, turn) for name in names for turn in turns]
    workspace.write("fingerprints", pa.table({
        "account_id": [name for name, _ in rows], "turn": pa.array([turn for _, turn in rows], pa.int64()),
        "sent_us": np.arange(len(rows)),
    }))  # fmt: skip
    workspace.write("units", pa.table({"account_id": names, "unit": range(10)}))
    return ordinary_life.judge(case(workspace, list(range(10)), last_epoch=last_epoch))


def test_talk_is_recognised(workspace: Workspace) -> None:
    finding = judged(workspace, [1, 2, 3, 4])
    (row,) = finding.evidence
    assert (row.signal, row.value, row.n, finding.kind) == ("interactive_use", 0.75, 40, "benign")
    assert finding.log_e is None and row.hypothesis == "H4" and row.model_bits is None


@pytest.mark.parametrize("turns", [[1, 1, 2], [1], [None, None]])
def test_single_questions_are_no_talk(workspace: Workspace, turns: list[int | None]) -> None:
    assert judged(workspace, turns) == Finding()


def test_what_comes_later_is_not_looked_at(workspace: Workspace) -> None:
    assert judged(workspace, [1, 2, 3], last_epoch=-1) == Finding()
