"""Scores a run against the truth: campaigns, accounts, operators, exchanges, time, shares, kinds and capabilities.

What counts as flagged is what a provider would act on: members with role operator or victim of campaigns at the levels
confirmed and suspected. Rates of false alarms are bounded by counting benign operators, which are independent, and not
their accounts, which are not. Source: detection table, section 6.1; statistics cookbook, section 12.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hydrometer.base.errors import RunError, UsageError
from hydrometer.base.tables import LISTED_LEVELS, OUTPUTS, TRUTH
from hydrometer.base.units import REPORT_DIGITS
from hydrometer.simulate import metrics
from hydrometer.simulate.score_flags import score_flags

__all__ = ["score", "score_flags"]
_PER = 100_000
_FLAGGED_ROLES = ("operator", "victim")
_CERTAIN = 0.5
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth of a world, by id."""

    accounts: dict[str, Row]
    campaigns: dict[str, Row]
    members: dict[str, set[str]]
    shares: dict[tuple[str, str], float]
    exchanges: pa.Table
    sent: dict[str, pa.Array]

    @property
    def benign(self) -> dict[str, Row]:
        """Accounts without a role in any campaign."""
        return {one: row for one, row in self.accounts.items() if row["role"] is None}


@dataclass(frozen=True, slots=True)
class Found:
    """What a run lists, by id."""

    campaigns: dict[str, Row]
    members: dict[str, set[str]]
    shares: dict[tuple[str, str], float]
    operators: dict[str, str]
    attributed: pa.Table

    @property
    def flagged(self) -> set[str]:
        """Accounts that are operators or victims of a listed campaign."""
        return set().union(*self.members.values())


def _truth(folder: Path, traffic: Path) -> Truth:
    """Reads a truth folder, and from the traffic when its exchanges were sent."""
    tables = {}
    for name in TRUTH:
        path = folder / f"{name}.parquet"
        if not path.is_file():
            raise UsageError(
                str(path), "no such file", "a truth folder as `simulate` writes it", "give the world's truth folder"
            )
        tables[name] = pq.read_table(path)
    memberships = [row for row in tables["memberships"].to_pylist() if row["role"] in _FLAGGED_ROLES]
    members: dict[str, set[str]] = defaultdict(set)
    for row in memberships:
        members[row["campaign_id"]].add(row["account_id"])
    return Truth(
        {row["account_id"]: row for row in tables["accounts"].to_pylist()},
        {row["campaign_id"]: row for row in tables["campaigns"].to_pylist()},
        dict(members),
        {(row["campaign_id"], row["account_id"]): row["share"] for row in memberships},
        tables["exchanges"],
        _sent(tables["exchanges"], traffic),
    )


def _sent(exchanges: pa.Table, traffic: Path) -> dict[str, pa.Array]:
    """When the exchanges of each campaign were sent; nothing where the world's traffic is not at hand."""
    path = traffic / "exchanges.parquet"
    if not path.is_file():
        return {}
    times = exchanges.join(pq.read_table(path, columns=["exchange_id", "sent_at"]), "exchange_id", join_type="inner")
    campaigns = pc.unique(times["campaign_id"]).to_pylist()
    return {campaign: times.filter(pc.equal(times["campaign_id"], campaign))["sent_at"] for campaign in campaigns}


def _found(run: Path) -> Found:
    """Reads what a run lists."""
    tables = {}
    for name in ("campaigns", "members", "operators", "attributed"):
        path = run / f"{name}.parquet"
        if not path.is_file():
            raise RunError(
                str(path), "no such file", "a run folder as `scan` writes it", "give the folder of a finished run"
            )
        tables[name] = pq.read_table(
            path, columns=[column for column in OUTPUTS[name].names if column in pq.read_schema(path).names]
        )
    listed = {row["campaign_id"]: row for row in tables["campaigns"].to_pylist() if row["level"] in LISTED_LEVELS}
    rows = [
        row for row in tables["members"].to_pylist() if row["campaign_id"] in listed and row["role"] in _FLAGGED_ROLES
    ]
    members: dict[str, set[str]] = {campaign: set() for campaign in listed}
    for row in rows:
        members[row["campaign_id"]].add(row["account_id"])
    operators: dict[str, tuple[float, str]] = {}
    for row in tables["operators"].to_pylist():
        best = (-row["probability"], row["operator_id"])
        operators[row["account_id"]] = min(best, operators.get(row["account_id"], best))
    attributed = tables["attributed"]
    inside = pc.is_in(attributed["campaign_id"], pa.array(list(listed), pa.string()))
    return Found(
        listed,
        members,
        {(row["campaign_id"], row["account_id"]): row["share"] for row in rows},
        {account: operator for account, (_, operator) in operators.items()},
        attributed.filter(inside),
    )


def score(run: Path, truth: Path, traffic: Path | None = None) -> dict[str, object]:
    """All figures of one run on one world; None stands for a figure that has nothing to be computed from.

    Args:
        run: folder that `scan` wrote.
        truth: folder `truth` of the world that it scanned.
        traffic: the world's traffic, for leakage; by default the folder `traffic` beside the truth.

    Raises:
        RunError, UsageError: a folder is not what it should be.
    """
    known, found = _truth(truth, traffic or truth.parent / "traffic"), _found(run)
    matched = metrics.match(known.members, found.members)
    hits = {campaign: partner for campaign, (partner, weight) in matched.items() if weight >= metrics.HIT}
    figures: dict[str, object] = {
        "campaigns": _campaign_figures(known, found, matched, hits),
        "campaigns_true": len(known.campaigns),
        "campaigns_listed": len(found.campaigns),
        "campaigns_hit": len(hits),
        "campaign_recall": metrics.ratio(len(hits), len(known.campaigns)),
        "false_campaigns": len(found.campaigns) - len(hits),
        "accounts": _account_figures(known, found),
        "false_alarms_by_archetype": _by_archetype(known, found),
        "b_cubed_campaign_accounts": _partition(known, found, campaign=True),
        "b_cubed_benign_accounts": _partition(known, found, campaign=False),
        "exchanges": _exchange_figures(known.exchanges, found.attributed),
    }
    rounded = _rounded(figures)
    assert isinstance(rounded, dict)
    return rounded


def _campaign_figures(
    known: Truth, found: Found, matched: dict[str, tuple[str, float]], hits: dict[str, str]
) -> list[Row]:
    """One entry for each true campaign: its match, and what the run says about it where it is a hit."""
    entries = []
    for campaign, row in sorted(known.campaigns.items(), key=lambda entry: (entry[1]["preset"], entry[0])):
        partner, weight = matched.get(campaign, (None, 0.0))
        verdict = found.campaigns.get(hits.get(campaign, ""), {})
        said, true = list(verdict.get("capabilities") or []), list(row["capabilities"])
        detectable = verdict.get("detectable_at")
        entries.append(
            {
                "campaign_id": campaign,
                "preset": row["preset"],
                "accounts": len(known.members.get(campaign, ())),
                "found_as": partner,
                "jaccard": weight,
                "hit": campaign in hits,
                "level": verdict.get("level"),
                "kind_right": verdict.get("kind") == row["kind"] if verdict else None,
                "capability_top1_right": bool(said) and said[0] == true[0] if verdict else None,
                "pivot_right": (verdict.get("pivot_at") is None) == (row["pivot_at"] is None) if verdict else None,
                "detectable_at": detectable.isoformat() if detectable else None,
                "leakage": _leakage(known.sent.get(campaign), detectable),
                "share_error": _share_error(known, found, campaign, hits.get(campaign)),
            }
        )
    return entries


def _leakage(sent: pa.Array | None, detectable: datetime | None) -> float | None:
    """Share of a campaign's exchanges that were sent before it was detectable: all of them if it never was."""
    if sent is None:
        return None
    if detectable is None:
        return 1.0
    early = pc.sum(pc.less(sent, pa.scalar(detectable, sent.type))).as_py()
    return metrics.ratio(float(early or 0), len(sent))


def _share_error(known: Truth, found: Found, campaign: str, partner: str | None) -> float | None:
    """Mean absolute error of the share over members that truth and run have in common."""
    if partner is None:
        return None
    both = known.members[campaign] & found.members[partner]
    pairs = [(found.shares.get((partner, one)), known.shares[campaign, one]) for one in sorted(both)]
    errors = [abs(said - true) for said, true in pairs if said is not None]
    return metrics.ratio(sum(errors), len(errors))


def _account_figures(known: Truth, found: Found) -> Row:
    """Precision and recall over accounts; false alarms per 100,000 accounts, bounded over benign operators."""
    campaign = set(known.accounts) - set(known.benign)
    right = len(found.flagged & campaign)
    false = found.flagged & set(known.benign)
    operators = {row["operator_id"] for row in known.benign.values()}
    false_operators = {known.benign[one]["operator_id"] for one in false}
    bound = metrics.upper_bound(len(false_operators), len(operators))
    precision, recall = metrics.ratio(right, len(found.flagged)), metrics.ratio(right, len(campaign))
    rate = metrics.ratio(len(false), len(known.benign))
    return {
        "precision": precision,
        "recall": recall,
        "f1": metrics.f1(precision, recall),
        "flagged": len(found.flagged),
        "benign": len(known.benign),
        "benign_operators": len(operators),
        "false_accounts": len(false),
        "false_operators": len(false_operators),
        "false_accounts_per_100k": None if rate is None else rate * _PER,
        "false_operators_per_100k_upper_95": None if bound is None else bound * _PER,
        "unknown_accounts": len(found.flagged - set(known.accounts)),
    }


def _by_archetype(known: Truth, found: Found) -> dict[str, Row]:
    """Benign accounts and operators of each archetype, and how many of them are flagged."""
    groups: dict[str, list[str]] = defaultdict(list)
    for one, row in known.benign.items():
        groups[row["archetype"]].append(one)
    return {
        archetype: {
            "accounts": len(members),
            "operators": len({known.benign[one]["operator_id"] for one in members}),
            "flagged_accounts": len(found.flagged & set(members)),
            "flagged_operators": len({known.benign[one]["operator_id"] for one in found.flagged & set(members)}),
        }
        for archetype, members in sorted(groups.items())
    }


def _partition(known: Truth, found: Found, campaign: bool) -> Row:
    """B-cubed of the run's operators over campaign accounts, or over benign accounts; unassigned accounts stand alone.

    Clusters are formed over all accounts, so that a benign account merged into a campaign costs precision.
    """
    accounts = sorted(known.accounts)
    labels = [found.operators.get(one, f"alone:{one}") for one in accounts]
    true = [known.accounts[one]["operator_id"] for one in accounts]
    kept = [(known.accounts[one]["role"] is not None) == campaign for one in accounts]
    precision, recall, balanced = metrics.b_cubed(labels, true, kept)
    return {"precision": precision, "recall": recall, "f1": balanced}


def _exchange_figures(true: pa.Table, attributed: pa.Table) -> Row:
    """Precision, recall and leakage over exchanges attributed with probability one half or more."""
    certain = attributed.filter(pc.greater_equal(attributed["probability"], _CERTAIN))["exchange_id"]
    right = int(pc.sum(pc.is_in(true["exchange_id"], certain.combine_chunks())).as_py() or 0)
    precision, recall = metrics.ratio(right, len(certain)), metrics.ratio(right, len(true))
    return {
        "precision": precision,
        "recall": recall,
        "f1": metrics.f1(precision, recall),
        "true": len(true),
        "attributed": len(certain),
    }


def _rounded(value: object) -> object:
    """The same structure with floats at the report's digits."""
    if isinstance(value, float):
        return round(value, REPORT_DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    return [_rounded(entry) for entry in value] if isinstance(value, list) else value
