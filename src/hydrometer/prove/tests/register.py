"""H4: is the group's use authorised in the provider's own register?

A group is covered when at least half of its accounts are, by account or by organisation, on the last day that the log
shows. The register is the one proof of innocence that needs no statistics. Source: contract, `register.yaml`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa

from hydrometer.base.cases import Case, Evidence, Finding, Test

BUILDING = ("distillation", "evaluation", "safety_research")
"""Purposes for which data sets are built; an entry for education or resale is shown, but does not authorise it."""
COVERED = 0.5
"""Share of a group's accounts that the register must cover."""
ACCOUNTS = """
select u.account_id, a.organization_id
from {units} u join {accounts} a using (account_id) join members m using (unit) order by 1
"""


def valid_on(entry: dict[str, object], day: date) -> bool:
    """Whether an entry has not expired; one without a date never does.

    >>> valid_on({"expires_at": "2026-01-31"}, date(2026, 2, 1))
    False
    """
    until = entry.get("expires_at")
    if until is None:
        return True
    if isinstance(until, datetime):
        return until.date() >= day
    return (until if isinstance(until, date) else date.fromisoformat(str(until)[:10])) >= day


def judge(case: Case) -> Finding:
    """The explanation, where the register covers the group."""
    if not case.register:
        return Finding()
    accounts = case.workspace.query(ACCOUNTS, members=pa.table({"unit": case.group.members}))
    day = datetime.fromtimestamp(((case.last_epoch + 1) * case.workspace.epoch_us - 1) // 1_000_000, UTC).date()
    entries = [entry for entry in case.register if valid_on(entry, day)]
    by_account = {str(entry["account_id"]): entry for entry in entries if entry.get("account_id")}
    by_organisation = {str(entry["organization_id"]): entry for entry in entries if entry.get("organization_id")}
    rows = zip(accounts["account_id"].to_pylist(), accounts["organization_id"].to_pylist(), strict=True)
    matches = [by_account.get(account) or by_organisation.get(organisation) for account, organisation in rows]
    covered = [entry for entry in matches if entry is not None]
    if not covered or len(covered) < COVERED * len(matches):
        return Finding()
    purposes = ", ".join(sorted({str(entry.get("purpose", "unstated purpose")) for entry in covered}))
    statement = f"{len(covered)} of {len(matches)} accounts are in the register of authorised uses ({purposes})."
    row = Evidence(
        "H4",
        "register",
        None,
        len(covered) / len(matches),
        "share of accounts",
        len(matches),
        None,
        None,
        None,
        None,
        statement,
    )
    if not all(entry.get("purpose") in BUILDING for entry in covered):
        return Finding(None, (row,))
    return Finding(None, (row,), f"authorised in the register: {purposes}", "authorised")


TEST = Test(
    name="register",
    hypothesis="H4",
    role="authorisation",
    judge=judge,
    source="contract, section 1",
    benign_twins=("authorised_distiller",),
)
