"""Innocent lives: each fact fires on the population that it describes and holds still elsewhere."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from tests.prove.made import case

from hydrometer.base.cases import Finding
from hydrometer.base.workspace import Workspace
from hydrometer.prove.tests import ordinary_life


def judged(
    workspace: Workspace, *, accounts: int = 10, turns: int = 1, users: int = 1, programme: str | None = None
) -> Finding:
    names = [f"a{n}" for n in range(accounts)]
    rows = [(name, turn + 1, user) for name in names for user in range(users) for turn in range(turns)]
    account, turn, user = zip(*rows, strict=True)
    workspace.write("fingerprints", pa.table({
        "account_id": account, "turn": np.array(turn), "end_user": np.array(user), "sent_us": np.arange(len(rows)),
    }))  # fmt: skip
    workspace.write("units", pa.table({"account_id": names, "unit": range(accounts)}))
    columns = {
        "programme": pa.array([programme] * accounts, pa.string()),
        "plan": pa.array([None] * accounts, pa.string()),
    }
    workspace.write("accounts", pa.table({"account_id": names, **columns}))
    return ordinary_life.judge(case(workspace, list(range(accounts))))


@pytest.mark.parametrize(
    ("life", "signal", "kind"),
    [
        ({"programme": "education"}, "education_network", "benign"),
        ({"users": 8}, "end_user_mix", "resale"),
        ({"turns": 4}, "interactive_use", "benign"),
        ({"accounts": 3}, "small_pool", "pool"),
    ],
)
def test_each_life_is_recognised(workspace: Workspace, life: dict[str, object], signal: str, kind: str) -> None:
    finding = judged(workspace, **life)  # type: ignore[arg-type]
    assert [row.signal for row in finding.evidence] == [signal]
    assert finding.kind == kind and finding.log_e is None
    assert all(row.hypothesis == "H4" and row.model_bits is None for row in finding.evidence)


def test_a_pool_without_any_of_them_has_no_excuse(workspace: Workspace) -> None:
    assert judged(workspace) == Finding()


def test_several_facts_are_all_told_and_the_first_names_the_kind(workspace: Workspace) -> None:
    finding = judged(workspace, accounts=4, turns=5, programme="education")
    assert [row.signal for row in finding.evidence] == ["education_network", "interactive_use", "small_pool"]
    assert finding.kind == "benign"
