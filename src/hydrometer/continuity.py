"""What became of an earlier run's groups: which group of this one is which, under which name, and what changed.

A group keeps the id of the earlier group that has most accounts in common with it, by the rule that `hydrometer diff`
goes by: at least half of the smaller one, the most similar pair first, and each earlier group only once. So a campaign
that grew, shrank or was found from other founders keeps its name; of the parts of a split the most similar keeps it,
and a merger keeps that of the group it is most like. Source: the contract, section 2 (ids).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from hydrometer.base.tables import LISTED_LEVELS
from hydrometer.prove.verdict import Verdict
from hydrometer.share.diff_groups import Groups, Matched, matched
from hydrometer.share.run_tables import table


@dataclass(frozen=True, slots=True)
class Earlier:
    """Groups of an earlier run.

    Attributes:
        groups: id of each → its accounts, by rank.
        operators: id of each → id of its operator, where it has one.
        listed: ids of those that were listed.
    """

    groups: Groups
    operators: Mapping[str, str]
    listed: frozenset[str]


def earlier(run: Path) -> Earlier:
    """The groups that a run reports.

    Raises:
        RunError: a table is missing or unreadable.
    """
    return of_tables(table(run, "campaigns"), table(run, "members"))


def of_tables(campaigns: pa.Table, members: pa.Table) -> Earlier:
    """The groups of two tables of a run."""
    rows = sorted(campaigns.to_pylist(), key=lambda row: (row["rank"], row["campaign_id"]))
    accounts: dict[str, set[str]] = {row["campaign_id"]: set() for row in rows}
    for row in members.select(["campaign_id", "account_id"]).to_pylist():
        accounts[row["campaign_id"]].add(row["account_id"])
    return Earlier(
        {name: frozenset(found) for name, found in accounts.items()},
        {row["campaign_id"]: row["operator_id"] for row in rows if row["operator_id"] is not None},
        frozenset(row["campaign_id"] for row in rows if row["level"] in LISTED_LEVELS),
    )


def with_kept_ids(verdicts: Sequence[Verdict], accounts: Sequence[Sequence[str]], before: Earlier) -> list[Verdict]:
    """The same verdicts in the same order, with the ids that their groups had before.

    Args:
        verdicts: groups of this run.
        accounts: accounts of each unit.
        before: groups of the earlier run.
    """
    held = {
        one.campaign_id: frozenset(name for unit in one.judged.membership.units.tolist() for name in accounts[unit])
        for one in verdicts
    }
    listed = {one.campaign_id for one in verdicts if one.level in LISTED_LEVELS}
    pairs = matched(before.groups, held, before.listed, listed).pairs
    was = {new: old for old, new in pairs if old is not None and new is not None}
    taken = set(was.values())
    result = []
    for one in verdicts:
        name = was.get(one.campaign_id) or free(one.campaign_id, taken)
        taken.add(name)
        operator = before.operators.get(name) or f"o-{name.removeprefix('c-')}"
        result.append(replace(one, campaign_id=name, operator_id=operator if one.operator_id else None))
    return result


def free(name: str, taken: set[str]) -> str:
    """A name that no group has, from the one that it would have by itself.

    >>> free("c-1", {"c-1", "c-1-2"}), free("c-2", {"c-1"})
    ('c-1-3', 'c-2')
    """
    number, chosen = 2, name
    while chosen in taken:
        number, chosen = number + 1, f"{name}-{number}"
    return chosen


def told(before: Earlier, now: Earlier) -> dict[str, Any]:
    """What the manifest says of each listed group, and of those that are listed no more.

    Returns:
        `campaigns`: for each listed group its `change` (new, grown, shrunk, unchanged, split, merged), the earlier ids
        that it comes from (`was`), accounts `gained` and `lost`; `ended`: earlier listed ids that no listed group has.
    """
    groups = matched(before.groups, now.groups, before.listed, now.listed)
    partner = {new: old for old, new in groups.pairs if old is not None and new is not None}
    rows = [one(name, partner.get(name), groups, (before, now)) for name in now.groups if name in now.listed]
    return {
        "campaigns": rows,
        "ended": sorted(before.listed - now.listed - {was for row in rows for was in row["was"]}),
    }


def one(name: str, was: str | None, groups: Matched, both: tuple[Earlier, Earlier]) -> dict[str, Any]:
    """What became of one listed group."""
    before, now = both
    accounts, old = now.groups[name], before.groups.get(was or "", frozenset())
    parents = [other for other, parts in groups.split.items() if name in parts]
    sources = sorted({*groups.merged.get(name, ()), *parents, *([was] if was else [])})
    gained, lost = len(accounts - old), len(old - accounts)
    if name in groups.merged:
        change = "merged"
    elif parents:
        change = "split"
    elif was not in before.listed:
        change = "new"
    else:
        change = "grown" if gained else "shrunk" if lost else "unchanged"
    return {"campaign_id": name, "change": change, "was": sources, "gained": gained, "lost": lost}
