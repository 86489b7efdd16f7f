"""The truth of a world and what a run lists of it, read into the nouns that the figures are computed from.

Tables are read as one Parquet file or as a folder of them. Source: the contract, sections 2 and 3.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.base.errors import RunError, UsageError
from hydrometer.base.tables import LISTED_LEVELS, OUTPUTS, TRUTH

FLAGGED_ROLES = ("operator", "victim")
"""Roles that a provider acts upon; customers are left alone."""
SOUGHT = ("distillation", "stolen_keys")
"""Kinds of true campaigns that a run should list; whoever only resells or pools is benign, and to be left alone."""
Row = dict[str, Any]
Pair = tuple[str, str]
"""A campaign and an account."""


def parts(folder: Path, name: str) -> list[Path]:
    """Parquet files of a table: `name.parquet`, or those in the folder `name`, by name; empty where it has none."""
    whole = folder / f"{name}.parquet"
    return [whole] if whole.is_file() else sorted((folder / name).glob("*.parquet"))


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth of a world, by id.

    Attributes:
        accounts: row of each account.
        campaigns: row of each campaign that is sought.
        roles: role of each account in each campaign.
        shares: share of the account's exchanges that belong to the campaign.
        exchanges: Parquet files of the campaign exchanges.
        members: operators and victims of each campaign; one with customers alone has none.
        guilty: accounts that are operators or victims of any campaign.
        benign: rows of accounts without a role in any campaign; customers of a campaign's reseller are neither.
        hands: the operator behind each campaign, where it has operator accounts.
    """

    accounts: dict[str, Row]
    campaigns: dict[str, Row]
    roles: dict[Pair, str]
    shares: dict[Pair, float]
    exchanges: list[Path]
    members: dict[str, set[str]]
    guilty: set[str]
    benign: dict[str, Row]
    hands: dict[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """What a run says, by id.

    Attributes:
        judged: row of each judged group, listed or not.
        rows: row of each account in each judged group.
        operators: the likeliest operator of each account that has one.
        attributed: Parquet files of the attributed exchanges.
        level: bound of the false-discovery rate that the run worked with; None where its manifest is silent.
        listed: rows of the listed groups alone, confirmed and suspected ones.
        members: operators and victims of each listed campaign.
        flagged: accounts that are operators or victims of any listed campaign.
    """

    judged: dict[str, Row]
    rows: dict[Pair, Row]
    operators: dict[str, str]
    attributed: list[Path]
    level: float | None
    listed: dict[str, Row]
    members: dict[str, set[str]]
    flagged: set[str]


def acted_upon(roles: Iterable[tuple[Pair, str]], campaigns: Iterable[str]) -> dict[str, set[str]]:
    """Accounts of each of these campaigns whose role is acted upon."""
    members: dict[str, set[str]] = {campaign: set() for campaign in campaigns}
    for (campaign, account), role in roles:
        if role in FLAGGED_ROLES and campaign in members:
            members[campaign].add(account)
    return members


def read_truth(folder: Path) -> Truth:
    """Reads a truth folder.

    Raises:
        UsageError: a table is missing.
    """
    files = {name: parts(folder, name) for name in TRUTH}
    for name, found in files.items():
        if not found:
            raise UsageError(
                str(folder / f"{name}.parquet"),
                "no such file",
                "a truth folder as `simulate` writes it",
                "give the world's truth folder",
            )
    rows = {name: _rows(found) for name, found in files.items() if name != "exchanges"}
    campaigns = {row["campaign_id"]: row for row in rows["campaigns"] if row["kind"] in SOUGHT}
    others = {row["campaign_id"] for row in rows["campaigns"]} - set(campaigns)
    innocent = {"role": None, "campaign_id": None}
    accounts = {row["account_id"]: row | innocent if row["campaign_id"] in others else row for row in rows["accounts"]}
    memberships = [row for row in rows["memberships"] if row["campaign_id"] in campaigns]
    roles = {(row["campaign_id"], row["account_id"]): row["role"] for row in memberships}
    members = acted_upon(roles.items(), campaigns)
    named = {one for one, row in accounts.items() if row["role"] in FLAGGED_ROLES}
    return Truth(
        accounts,
        campaigns,
        roles,
        {(row["campaign_id"], row["account_id"]): row["share"] for row in memberships},
        files["exchanges"],
        members,
        named.union(*members.values()),
        {one: row for one, row in accounts.items() if row["role"] is None},
        _hands(roles, accounts),
    )


def _hands(roles: dict[Pair, str], accounts: dict[str, Row]) -> dict[str, str]:
    """The operator of most operator accounts of each campaign, ties by id."""
    tallies: dict[str, Counter[str]] = defaultdict(Counter)
    for (campaign, account), role in roles.items():
        if role == "operator" and account in accounts:
            tallies[campaign][accounts[account]["operator_id"]] += 1
    return {campaign: min(tally, key=lambda one: (-tally[one], one)) for campaign, tally in tallies.items()}


def _rows(files: list[Path]) -> list[Row]:
    """All rows of the files of one table."""
    rows: list[Row] = pa.concat_tables([pq.read_table(file) for file in files], promote_options="default").to_pylist()
    return rows


def read_found(run: Path) -> Found:
    """Reads a run folder.

    Raises:
        RunError: a table is missing.
    """
    rows = {name: _output(run, name) for name in ("campaigns", "members", "operators")}
    attributed = _existing(run, "attributed")
    operators: dict[str, tuple[float, str]] = {}
    for row in rows["operators"]:
        best = (-row["probability"], row["operator_id"])
        operators[row["account_id"]] = min(best, operators.get(row["account_id"], best))
    judged = {row["campaign_id"]: row for row in rows["campaigns"]}
    listed = {one: row for one, row in judged.items() if row["level"] in LISTED_LEVELS}
    pairs = {(row["campaign_id"], row["account_id"]): row for row in rows["members"]}
    members = acted_upon(((pair, row["role"]) for pair, row in pairs.items()), listed)
    return Found(
        judged,
        pairs,
        {account: operator for account, (_, operator) in operators.items()},
        [attributed],
        _level(run / "manifest.json"),
        listed,
        members,
        set().union(*members.values()),
    )


def _existing(run: Path, name: str) -> Path:
    """The file of a table of a run."""
    path = run / f"{name}.parquet"
    if not path.is_file():
        raise RunError(
            str(path), "no such file", "a run folder as `scan` writes it", "give the folder of a finished run"
        )
    return path


def _output(run: Path, name: str) -> list[Row]:
    """Rows of a table of a run, in the columns of the contract that it has."""
    path = _existing(run, name)
    there = pq.read_schema(path).names
    columns = [column for column in OUTPUTS[name].names if column in there and column != "because"]
    rows: list[Row] = pq.read_table(path, columns=columns).to_pylist()
    return rows


def _level(manifest: Path) -> float | None:
    """The false-discovery level that a manifest states."""
    if not manifest.is_file():
        return None
    level = json.loads(manifest.read_text(encoding="utf-8")).get("false_discovery", {}).get("level")
    return float(level) if isinstance(level, (int, float)) else None
