"""One verified organisation that holds a group openly explains it; a mixed or unverified one does not."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from tests.prove.made import case

from hydrometer.base.cases import Finding
from hydrometer.base.workspace import Workspace
from hydrometer.prove.tests import declared


def judged(workspace: Workspace, organisations: Sequence[str | None], verification: Sequence[str | None]) -> Finding:
    names = [f"a{n:03}" for n in range(len(organisations))]
    workspace.write("units", pa.table({"account_id": names, "unit": range(len(names))}))
    columns = {
        "organization_id": pa.array(organisations, pa.string()),
        "verification": pa.array(verification, pa.string()),
    }
    workspace.write("accounts", pa.table({"account_id": names, **columns}))
    return declared.judge(case(workspace, list(range(len(names)))))


def test_one_verified_organisation_explains(workspace: Workspace) -> None:
    finding = judged(workspace, ["org"] * 20, ["business"] * 12 + ["id"] * 8)
    assert finding.kind == "benign" and finding.explanation and finding.log_e is None
    assert declared.TEST.role == "declaration"


def test_an_unverified_one_does_not(workspace: Workspace) -> None:
    assert judged(workspace, ["org"] * 20, ["email"] * 20).explanation is None
    assert judged(workspace, ["org"] * 20, [None] * 20).explanation is None


def test_a_campaign_with_one_account_in_ten_elsewhere_is_not_covered(workspace: Workspace) -> None:
    assert judged(workspace, ["org"] * 18 + ["other"] * 2, ["business"] * 20).explanation is None


def test_accounts_without_an_organisation_are_no_organisation(workspace: Workspace) -> None:
    assert judged(workspace, [None] * 20, ["business"] * 20).explanation is None


def test_a_name_full_of_quotes_is_only_a_name(workspace: Workspace) -> None:
    finding = judged(workspace, ["x'); drop table a; --"] * 4, ["business"] * 4)
    assert finding.kind == "benign"
