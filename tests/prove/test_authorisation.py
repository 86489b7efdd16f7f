"""The register: who is named, until when in the log's time, within which scope, for what; and what lies beyond."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
from tests.prove.made import case

from hydrometer.base.cases import Case, Finding
from hydrometer.base.workspace import Workspace
from hydrometer.prove.authorisation import NOTHING, authorisation
from hydrometer.prove.tests import beyond_register, declared, register

DAY_US = 86_400_000_000
FIRST_DAY, DAYS = datetime(2026, 1, 1, tzinfo=UTC), 30
"""The log: 30 days from 1 January, its last epoch ends with the 30th."""
LAST_EPOCH = int(datetime(2026, 1, 30, 18, tzinfo=UTC).timestamp() * 1e6) // (6 * 3_600_000_000)
CODING, REASONING, VISION = 1, 2, 4
NAMES = ("coding", "reasoning", "vision")
Entry = dict[str, object]


def made(workspace: Workspace, *entries: Entry, accounts: int = 4, masks: Any = None, epoch: int = LAST_EPOCH) -> Case:
    """A group of which two accounts are of one verified organisation; each sends two exchanges a day.

    Args:
        workspace: where its tables go.
        entries: the register.
        accounts: its accounts.
        masks: capabilities of the exchanges of a day, given its number; reasoning throughout unless told otherwise.
        epoch: last epoch.
    """
    names = [f"a{n}" for n in range(accounts)]
    mask = masks or (lambda _: REASONING)
    rows = [(name, day) for name in names for day in range(DAYS) for _ in range(2)]
    start = int(FIRST_DAY.timestamp() * 1e6)
    workspace.write("units", pa.table({"account_id": names, "unit": range(accounts)}))
    organisations = pa.array(["org"] * 2 + [None] * (accounts - 2), pa.string())
    verified = pa.array(["business"] * accounts, pa.string())
    workspace.write(
        "accounts", pa.table({"account_id": names, "organization_id": organisations, "verification": verified})
    )
    workspace.write("fingerprints", pa.table({
        "exchange_id": [f"e{n}" for n in range(len(rows))], "account_id": [name for name, _ in rows],
        "sent_us": [start + day * DAY_US + n for n, (_, day) in enumerate(rows)],
        "capabilities": pa.array([mask(day) for _, day in rows], pa.int64()),
        "techniques": pa.array([0] * len(rows), pa.int64()),
    }))  # fmt: skip
    found = case(workspace, list(range(accounts)), register=entries, last_epoch=epoch)
    return Case(**{name: getattr(found, name) for name in Case.__slots__} | {"capabilities": NAMES})


def entry(purpose: str = "distillation", **more: object) -> Entry:
    return {"organization_id": "org", "purpose": purpose, **more}


def test_half_of_the_accounts_by_organisation_cover_a_group(workspace: Workspace) -> None:
    finding = register.judge(made(workspace, entry()))
    assert finding.kind == "authorised" and finding.explanation == "authorised in the register: distillation"
    assert finding.evidence[0].value == 0.5


def test_less_than_half_do_not(workspace: Workspace) -> None:
    assert register.judge(made(workspace, entry(), accounts=5)) == Finding()
    assert register.judge(made(workspace, {"account_id": "a3", "purpose": "distillation"})) == Finding()


def test_accounts_and_organisations_add_up(workspace: Workspace) -> None:
    entries: list[Entry] = [entry("safety_research"), {"account_id": "a3", "purpose": "evaluation"}]
    finding = register.judge(made(workspace, *entries, accounts=6))
    assert finding.explanation == "authorised in the register: evaluation, safety_research"


def test_an_empty_register_says_nothing(workspace: Workspace) -> None:
    assert authorisation(made(workspace)) == NOTHING
    assert register.judge(made(workspace)) == beyond_register.judge(made(workspace)) == Finding()


def test_an_account_without_an_organisation_is_not_matched_by_an_entry_without_one(workspace: Workspace) -> None:
    found = authorisation(made(workspace, {"organization_id": None, "account_id": None, "purpose": "distillation"}))
    assert found.building == found.other == 0 and not found.limits


@pytest.mark.parametrize("until", ["2026-01-20", date(2026, 1, 20), datetime(2026, 1, 20, 12, tzinfo=UTC)])
def test_building_that_goes_on_after_the_end_is_reported_and_not_covered(workspace: Workspace, until: object) -> None:
    found = made(workspace, entry(expires_at=until))
    assert register.judge(found) == Finding()
    finding = beyond_register.judge(found)
    (row,) = finding.evidence
    assert row.signal == "register_expired" and row.value == pytest.approx(1 / 3) and row.n == 120
    assert "20 Jan 2026" in row.statement and "40 of 120" in row.statement
    assert finding.explanation == "authorised in the register for distillation, but used beyond it"


@pytest.mark.parametrize("until", ["2026-01-30", date(2026, 1, 30), datetime(2026, 2, 1, tzinfo=UTC), None])
def test_an_entry_that_outlives_the_log_counts_its_last_day_included(workspace: Workspace, until: object) -> None:
    assert register.judge(made(workspace, entry(expires_at=until))).kind == "authorised"


def test_expiry_goes_by_the_time_of_the_log_and_not_by_the_clock(workspace: Workspace) -> None:
    """The same entry covers the group as it was at an earlier epoch and no longer later on."""
    assert register.judge(made(workspace, entry(expires_at="2026-01-10"), epoch=LAST_EPOCH - 4 * 20)).kind
    assert register.judge(made(workspace, entry(expires_at="2026-01-10"))) == Finding()


def test_who_stops_building_at_the_end_stays_covered(workspace: Workspace) -> None:
    """After the last day the accounts go on, with ordinary requests."""
    found = made(workspace, entry(expires_at="2026-01-10"), masks=lambda day: REASONING if day < 10 else 0)
    assert register.judge(found).kind == "authorised"
    assert beyond_register.judge(found) == Finding()


def test_an_entry_that_ended_before_the_log_began_covers_nothing(workspace: Workspace) -> None:
    found = made(workspace, entry(expires_at="2025-12-31"), masks=lambda _: 0)
    assert register.judge(found) == Finding()
    assert beyond_register.judge(found).evidence[0].value == 1.0


def test_a_log_without_content_is_judged_by_its_exchanges(workspace: Workspace) -> None:
    assert register.judge(made(workspace, entry(expires_at="2026-01-20"), masks=lambda _: 0)) == Finding()


def test_a_second_entry_renews_the_first(workspace: Workspace) -> None:
    entries = (entry(expires_at="2026-01-20"), entry("evaluation", expires_at="2026-03-01"))
    assert register.judge(made(workspace, *entries)).kind == "authorised"


@pytest.mark.parametrize("scope", ["coding", "coding, vision", "Vision;coding"])
def test_use_outside_a_scope_of_capabilities_is_reported_and_not_covered(workspace: Workspace, scope: str) -> None:
    found = made(workspace, entry(scope=scope))
    assert register.judge(found) == Finding()
    (row,) = beyond_register.judge(found).evidence
    assert (row.signal, row.value, row.n) == ("register_scope", 1.0, 120)


@pytest.mark.parametrize(
    "scope", ["reasoning", "coding, reasoning", "reasoning traces for a tutor model", "", None, "coding and the like"]
)
def test_a_scope_that_holds_the_use_or_is_text_for_a_person_covers(workspace: Workspace, scope: str | None) -> None:
    assert register.judge(made(workspace, entry(scope=scope))).kind == "authorised"


@pytest.mark.parametrize(("every", "covered"), [(3, False), (10, True)])
def test_a_little_use_outside_the_scope_does_not_void_it(workspace: Workspace, every: int, covered: bool) -> None:
    found = made(workspace, entry(scope="reasoning"), masks=lambda day: VISION if day % every == 0 else REASONING)
    assert (register.judge(found).kind == "authorised") == covered


def test_an_exchange_within_one_of_several_capabilities_is_in_scope(workspace: Workspace) -> None:
    assert register.judge(made(workspace, entry(scope="coding"), masks=lambda _: CODING | VISION)).kind == "authorised"


@pytest.mark.parametrize("purpose", ["education", "resale"])
def test_another_purpose_covers_that_and_no_training_set(workspace: Workspace, purpose: str) -> None:
    found = made(workspace, entry(purpose))
    assert register.judge(found) == Finding()
    finding = beyond_register.judge(found)
    assert finding.kind == "authorised" and finding.explanation is not None and purpose in finding.explanation
    assert finding.evidence[0].signal == "register_purpose"
    assert beyond_register.judge(made(workspace, entry(purpose, expires_at="2026-01-10"))) == Finding()


@pytest.mark.parametrize(
    ("entries", "excused"),
    [
        ((), True),
        ((entry(),), True),
        ((entry("resale"),), False),
        ((entry(expires_at="2026-01-20"),), False),
        ((entry(scope="coding"),), False),
        (({"organization_id": "another", "purpose": "resale"},), True),
    ],
)
def test_a_declared_owner_is_no_excuse_beyond_what_the_register_allows(
    workspace: Workspace, entries: tuple[Entry, ...], excused: bool
) -> None:
    finding = declared.judge(made(workspace, *entries, accounts=2))
    assert finding.evidence and (finding.explanation is not None) == excused
