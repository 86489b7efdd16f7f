"""Entries of the register that are used beyond what they allow, whoever uses them and whatever groups were judged.

Accounts of one verified owner are never a group of many, so that no test of groups sees what they do. What the
provider has allowed an organisation until a day, or within a scope, is looked at by itself: use after the end and use
outside the scope are facts, and reported as such. They accuse nobody of a campaign. Source: mission table, row 60.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from hydrometer.base.population import LAST_OF_ALL
from hydrometer.base.workspace import Workspace
from hydrometer.prove.authorisation import Entry, beyond_scope, builds, goes_on, last_day, used, uses_table

NAMED = """
select a.account_id from {accounts} a semi join {units} using (account_id)
where a.account_id = $account or a.organization_id = $organisation order by 1
"""


def beyond_register(
    workspace: Workspace, register: Sequence[Entry], capabilities: Sequence[str]
) -> list[dict[str, object]]:
    """One row for each holder of entries whose use lies beyond them, ordered by holder.

    Args:
        workspace: holds `fingerprints`, `accounts` and `units`.
        register: entries.
        capabilities: names of the capability bits.

    Returns:
        rows with `organization_id`, `account_id` (one of them null), `purposes`, `ended` (last day of the entries, ISO
        8601; null where one never ends), `accounts`, `exchanges`, `after_end`, `outside_scope`.
    """
    holders: dict[tuple[str, str], list[Entry]] = {}
    for entry in register:
        holder = (str(entry.get("organization_id") or ""), str(entry.get("account_id") or ""))
        holders.setdefault(holder, []).append(entry)
    rows = [_row(workspace, holder, entries, capabilities) for holder, entries in sorted(holders.items())]
    return [row for row in rows if row]


def _row(
    workspace: Workspace, holder: tuple[str, str], entries: list[Entry], capabilities: Sequence[str]
) -> dict[str, object]:
    """The row of one holder; empty where its use is covered."""
    organisation, account = holder
    values: dict[str, object] = {"account": account, "organisation": organisation}
    accounts = workspace.query(NAMED, values)["account_id"].to_pylist()
    building = [entry for entry in entries if builds(entry)]
    pairs = [(one, entry) for one in accounts for entry in building or entries]
    counted = used(workspace, uses_table(pairs, capabilities), LAST_OF_ALL)
    late = goes_on(counted) if building else counted["late"] > 0
    outside = bool(building) and beyond_scope(counted)
    if not late and not outside:
        return {}
    days = [last_day(entry) for entry in building or entries]
    ended: date | None = None if None in days else max(day for day in days if day is not None)
    return {
        "organization_id": organisation or None, "account_id": account or None,
        "purposes": sorted({str(entry.get("purpose")) for entry in entries}),
        "ended": ended.isoformat() if ended else None, "accounts": len(accounts), "exchanges": counted["exchanges"],
        "after_end": counted["late"] if late else 0, "outside_scope": counted["outside"] if outside else 0,
    }  # fmt: skip
