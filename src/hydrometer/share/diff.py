"""Compares two runs: every verdict that changed and why, and what differs between the runs themselves.

Reads nothing but the two run folders, and gives the same answer for the same two, whatever machine made them.
Source: the contract, section 4 (`diff`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.share.diff_groups import Matched, matched
from hydrometer.share.diff_manifests import Manifest, differences
from hydrometer.share.diff_verdicts import Side, changed_evidence, changes, verdict
from hydrometer.share.report_json import rounded
from hydrometer.share.run_tables import ORDERS, table

SCHEMA_VERSION = 1
FOLLOWS = ("campaigns", "ended", "exchanges_earlier", "exchanges_new")
"""What a run that went on from another says of it, and is repeated here."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one run says.

    Attributes:
        manifest: of the run.
        sides: groups by id, by rank.
        accounts: all accounts of its log; None where the run does not say.
        manifest_sha256: hash of its manifest, by which a run names the one that it went on from.
    """

    manifest: Manifest
    sides: dict[str, Side]
    accounts: set[str] | None
    manifest_sha256: str

    @property
    def listed(self) -> set[str]:
        """Ids of the groups that are shown in full."""
        return {name for name, side in self.sides.items() if side.listed}

    def members(self) -> dict[str, frozenset[str]]:
        """Accounts of each group."""
        return {name: frozenset(side.roles) for name, side in self.sides.items()}


def diff(old: Path, new: Path) -> dict[str, Any]:
    """What changed from one run to another, as JSON values.

    Args:
        old: folder of the earlier run.
        new: folder of the later run.

    Returns:
        `follows`, what the later run says became of the groups of the earlier one where it went on from it (else None);
        `differences` between the runs, `verdicts` that changed by rank of the new run, and counts of the others.

    Raises:
        RunError: a table is missing or unreadable.
    """
    before, after = read(old), read(new)
    since = after.manifest.get("since") or {}
    follows = since.get("manifest_sha256") == before.manifest_sha256
    groups = matched(before.members(), after.members(), before.listed, after.listed, follows=follows)
    logs = before.accounts, after.accounts
    found, same, reweighed = [], 0, 0
    for one, other in groups.pairs:
        sides = before.sides.get(one or ""), after.sides.get(other or "")
        more = _more(one, other, groups)
        if more or changes(*sides):
            told = verdict(*sides, logs)
            found.append(told | more | {"changes": [*told["changes"], *more]})
        elif sides[0] and sides[1]:
            same += 1
            reweighed += bool(changed_evidence(sides[0].evidence, sides[1].evidence))
    result: dict[str, Any] = rounded(
        {
            "schema_version": SCHEMA_VERSION,
            "follows": {name: since[name] for name in FOLLOWS} if follows else None,
            "differences": differences(before.manifest, after.manifest),
            "verdicts": found,
            "unchanged": {"groups": same, "with_other_evidence": reweighed},
        }
    )
    return result


def _more(old: str | None, new: str | None, groups: Matched) -> dict[str, Any]:
    """Where a group came out of one that was split, or several went into it."""
    more: dict[str, Any] = {}
    parts = [name for name, others in groups.split.items() if new in others or name == old]
    if parts:
        more["split"] = {name: list(groups.split[name]) for name in parts}
    targets = [name for name, others in groups.merged.items() if old in others or name == new]
    if targets:
        more["merged"] = {name: list(groups.merged[name]) for name in targets}
    return more


def read(run: Path) -> Told:
    """What a run says about all its groups.

    Raises:
        RunError: a table is missing or unreadable.
    """
    text = (run / "manifest.json").read_bytes()
    manifest: Manifest = json.loads(text)
    groups = sorted(table(run, "campaigns").to_pylist(), key=ORDERS["campaigns"])
    roles: dict[str, dict[str, str]] = {row["campaign_id"]: {} for row in groups}
    for row in table(run, "members").select(["campaign_id", "account_id", "role"]).to_pylist():
        roles.setdefault(row["campaign_id"], {})[row["account_id"]] = row["role"]
    evidence: dict[str, list[dict[str, Any]]] = {row["campaign_id"]: [] for row in groups}
    for row in table(run, "evidence").to_pylist():
        evidence.setdefault(row["campaign_id"], []).append(row)
    sides = {row["campaign_id"]: Side(row, roles[row["campaign_id"]], evidence[row["campaign_id"]]) for row in groups}
    return Told(manifest, sides, _accounts(run / "state" / "accounts.parquet"), hashlib.sha256(text).hexdigest())


def _accounts(path: Path) -> set[str] | None:
    """Accounts of a run's log; None where it cannot be told."""
    try:
        return set(pq.read_table(path, columns=["account_id"])["account_id"].to_pylist())
    except (OSError, pa.ArrowException):
        return None
