"""A class: most accounts are of an education programme, by programme or by plan."""

from __future__ import annotations

import pyarrow as pa
import pytest
from tests.prove.made import case

from hydrometer.base.cases import Finding
from hydrometer.base.workspace import Workspace
from hydrometer.prove.tests import education


def judged(workspace: Workspace, programmes: list[str | None], plans: list[str | None]) -> Finding:
    names = [f"a{n}" for n in range(len(programmes))]
    workspace.write("units", pa.table({"account_id": names, "unit": range(len(names))}))
    columns = {"programme": pa.array(programmes, pa.string()), "plan": pa.array(plans, pa.string())}
    workspace.write("accounts", pa.table({"account_id": names, **columns}))
    return education.judge(case(workspace, list(range(len(names)))))


def test_a_class_is_recognised_by_programme_or_plan(workspace: Workspace) -> None:
    finding = judged(workspace, ["education"] * 6 + [None] * 4, [None] * 6 + ["education"] * 2 + ["pro"] * 2)
    (row,) = finding.evidence
    assert (row.signal, row.value, row.n) == ("education_network", 0.8, 10)
    assert finding.kind == "benign" and finding.log_e is None and row.model_bits is None


@pytest.mark.parametrize("students", [0, 7])
def test_some_students_make_no_class(workspace: Workspace, students: int) -> None:
    assert judged(workspace, ["education"] * students + [None] * (10 - students), [None] * 10) == Finding()
