"""The register: who is covered, until when in event time, and that half of a group is enough."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from tests.prove.made import case

from hydrometer.base.cases import Finding
from hydrometer.base.workspace import Workspace
from hydrometer.prove.tests import register

DAY_US = 86_400_000_000
LAST_DAY = date(2026, 1, 31)
LAST_EPOCH = int(datetime(2026, 1, 31, 18, tzinfo=UTC).timestamp() * 1e6) // (6 * 3_600_000_000)
"""The epoch from 18:00 to midnight: the log's last exchange is of the 31st."""
Entry = dict[str, object]


def judged(workspace: Workspace, *entries: Entry, last_epoch: int = LAST_EPOCH, accounts: int = 4) -> Finding:
    names = [f"a{n}" for n in range(accounts)]
    workspace.write("units", pa.table({"account_id": names, "unit": range(accounts)}))
    organisations = pa.array(["org"] * 2 + [None] * (accounts - 2), pa.string())
    workspace.write("accounts", pa.table({"account_id": names, "organization_id": organisations}))
    return register.judge(case(workspace, list(range(accounts)), register=entries, last_epoch=last_epoch))


def test_half_of_the_accounts_by_organisation_cover_a_group(workspace: Workspace) -> None:
    finding = judged(workspace, {"organization_id": "org", "purpose": "distillation"})
    assert finding.kind == "authorised" and finding.explanation == "authorised in the register: distillation"
    assert finding.evidence[0].value == 0.5


def test_less_than_half_do_not(workspace: Workspace) -> None:
    assert judged(workspace, {"organization_id": "org", "purpose": "distillation"}, accounts=5).explanation is None
    assert judged(workspace, {"account_id": "a3", "purpose": "distillation"}).explanation is None


def test_accounts_and_organisations_add_up(workspace: Workspace) -> None:
    entries: tuple[Entry, ...] = (
        {"organization_id": "org", "purpose": "safety_research"},
        {"account_id": "a3", "purpose": "evaluation"},
    )
    finding = judged(workspace, *entries, accounts=6)
    assert finding.explanation == "authorised in the register: evaluation, safety_research"


@pytest.mark.parametrize("purpose", ["education", "resale"])
def test_another_purpose_is_shown_and_authorises_nothing(workspace: Workspace, purpose: str) -> None:
    finding = judged(workspace, {"organization_id": "org", "purpose": purpose})
    assert finding.explanation is None and purpose in finding.evidence[0].statement


def test_an_empty_register_says_nothing(workspace: Workspace) -> None:
    assert judged(workspace) == Finding()


def test_an_account_without_an_organisation_is_not_matched_by_an_entry_without_one(workspace: Workspace) -> None:
    assert judged(workspace, {"organization_id": None, "account_id": None, "purpose": "resale"}) == Finding()


@pytest.mark.parametrize("until", ["2026-01-30", date(2026, 1, 30), datetime(2026, 1, 30, 12, tzinfo=UTC)])
def test_an_entry_that_ended_before_the_log_did_is_void(workspace: Workspace, until: object) -> None:
    assert (
        judged(workspace, {"organization_id": "org", "purpose": "distillation", "expires_at": until}).explanation
        is None
    )


@pytest.mark.parametrize("until", ["2026-02-01", date(2026, 2, 1), datetime(2026, 2, 1, tzinfo=UTC), None])
def test_an_entry_that_outlives_the_log_counts(workspace: Workspace, until: object) -> None:
    assert (
        judged(workspace, {"organization_id": "org", "purpose": "distillation", "expires_at": until}).kind
        == "authorised"
    )


@pytest.mark.parametrize("until", ["2026-01-31", LAST_DAY])
def test_an_entry_counts_on_its_last_day(workspace: Workspace, until: object) -> None:
    assert (
        judged(workspace, {"organization_id": "org", "purpose": "distillation", "expires_at": until}).kind
        == "authorised"
    )


def test_expiry_goes_by_the_time_of_the_log_and_not_by_the_clock(workspace: Workspace) -> None:
    """The same entry covers the group as it was in an earlier epoch and no longer later on."""
    entry: Entry = {"organization_id": "org", "purpose": "distillation", "expires_at": "2026-01-15"}
    assert judged(workspace, entry, last_epoch=LAST_EPOCH - 4 * 20).kind == "authorised"
    assert judged(workspace, entry).explanation is None
