"""What became of one verdict from one run to the next, and why: members, level, kind, and the evidence behind them.

A reason is read off the tables of both runs: which hypothesis gained or lost how many bits, through which evidence,
which innocent explanation fits now, and how many of the accounts that joined no earlier log had seen.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hydrometer.base.tables import LISTED_LEVELS
from hydrometer.share import wording

Row = dict[str, Any]
SAME_BITS = 1e-6
"""Relative difference up to which two numbers say the same."""
HYPOTHESES = {"H1": "operator_bits", "H2": "extraction_bits"}
COMPARED = ("level", "kind", "innocent_explanation", "detectable_at", "benign_p")
"""Columns of a group of which a change is a change of the verdict, beside its members."""
NUMBERS = ("q_value", "operator_bits", "extraction_bits", "benign_p", "posterior", "accounts", "exchanges", "usd")


@dataclass(frozen=True, slots=True)
class Side:
    """One group in one run.

    Attributes:
        campaign: its row.
        roles: account → role.
        evidence: its rows of evidence.
    """

    campaign: Row
    roles: Mapping[str, str]
    evidence: list[Row]

    @property
    def listed(self) -> bool:
        """Whether it is shown in full."""
        return self.campaign["level"] in LISTED_LEVELS


NOBODY = Side({}, {}, [])


def changes(old: Side | None, new: Side | None) -> list[str]:
    """What became of a verdict, in words of a fixed list; empty where it is the same."""
    if old is None or new is None:
        return ["new" if old is None else "gone"]
    before, after = set(old.roles), set(new.roles)
    found = [name for name in COMPARED if not same(old.campaign[name], new.campaign[name])]
    if after - before and not before - after:
        found.append("grown")
    elif before - after and not after - before:
        found.append("shrunk")
    elif before != after:
        found.append("members")
    if any(old.roles[account] != new.roles[account] for account in before & after):
        found.append("roles")
    if old.campaign["campaign_id"] != new.campaign["campaign_id"]:
        found.append("campaign_id")
    return found


def verdict(old: Side | None, new: Side | None, logs: tuple[set[str] | None, set[str] | None]) -> dict[str, Any]:
    """All about one verdict that changed, as JSON values.

    Args:
        old: the group in the earlier run.
        new: the group in the later run.
        logs: accounts of the log of each run; None where a run does not say.
    """
    one, other = old or NOBODY, new or NOBODY
    joined, left = sorted(set(other.roles) - set(one.roles)), sorted(set(one.roles) - set(other.roles))
    both = set(one.roles) & set(other.roles)
    evidence = changed_evidence(one.evidence, other.evidence)
    known, ours = logs
    first_seen = None if known is None else sum(account not in known for account in joined)
    not_seen = None if ours is None else sum(account not in ours for account in left)
    return {
        "changes": changes(old, new),
        "old": one.campaign.get("campaign_id"),
        "new": other.campaign.get("campaign_id"),
        "listed": [one.campaign.get("level") in LISTED_LEVELS, other.campaign.get("level") in LISTED_LEVELS],
        **{name: [one.campaign.get(name), other.campaign.get(name)] for name in dict.fromkeys((*COMPARED, *NUMBERS))},
        "joined": joined,
        "joined_first_seen": first_seen,
        "left": left,
        "left_not_seen": not_seen,
        "roles": {
            account: [one.roles[account], other.roles[account]]
            for account in sorted(both)
            if one.roles[account] != other.roles[account]
        },
        "evidence": evidence,
        "why": list(reasons(one.campaign, other.campaign, evidence))
        + list(_comings(joined, left, first_seen, not_seen)),
    }


def changed_evidence(old: list[Row], new: list[Row]) -> list[dict[str, Any]]:
    """Rows of evidence that came, went or weigh otherwise, the largest change first."""
    before, after = _numbered(old), _numbered(new)
    found = []
    for key in sorted(before.keys() | after.keys()):
        rows = before.get(key), after.get(key)
        weights = [row["bits"] if row else None for row in rows]
        values = [row["value"] if row else None for row in rows]
        if all(rows) and same(*weights) and same(*values):
            continue
        shown = rows[1] or rows[0] or {}
        change = (weights[1] or 0.0) - (weights[0] or 0.0)
        found.append(
            {
                "hypothesis": shown["hypothesis"],
                "signal": shown["signal"],
                "family": shown["family"],
                "account_id": shown["account_id"],
                "became": "other" if all(rows) else "gone" if rows[1] is None else "new",
                "bits": weights,
                "change_bits": None if weights == [None, None] else change,
                "value": values,
                "unit": shown["unit"],
                "statement": shown["statement"],
            }
        )
    return sorted(found, key=lambda one: -abs(one["change_bits"] or 0.0))


def _numbered(rows: list[Row]) -> dict[tuple[str, ...], Row]:
    """Rows by hypothesis, signal, family and account; several of one kind are told apart by their weight."""
    taken: Counter[tuple[str, ...]] = Counter()
    found: dict[tuple[str, ...], Row] = {}
    for row in sorted(rows, key=lambda row: (-(row["bits"] or 0.0), row["stratum"] or "", row["statement"] or "")):
        kind = (row["hypothesis"], row["signal"], row["family"] or "", row["account_id"] or "")
        found[*kind, f"{taken[kind]:06d}"] = row
        taken[kind] += 1
    return found


def reasons(old: Row, new: Row, evidence: list[dict[str, Any]]) -> list[str]:
    """Why a verdict is another, in sentences; nothing is said of a group that only one run has."""
    if not old or not new:
        return []
    found = []
    if not same(old["q_value"], new["q_value"]):
        found.append(f"q_value went from {old['q_value']:.2g} to {new['q_value']:.2g}.")
    for hypothesis, column in HYPOTHESES.items():
        if not same(old[column], new[column]):
            through = ", ".join(
                f"{one['signal']} {wording.bits(one['change_bits'])}"
                for one in [one for one in evidence if one["hypothesis"] == hypothesis and one["change_bits"]][:3]
            )
            found.append(
                f"{hypothesis} ({wording.HYPOTHESIS_TITLES[hypothesis].lower()}) went from {wording.bits(old[column])} "
                f"to {wording.bits(new[column])} bits" + (f", most through {through}." if through else ".")
            )
    if old["innocent_explanation"] != new["innocent_explanation"]:
        found.append(f"Closest innocent explanation: {_named(old)} before, {_named(new)} now.")
    if (old["level"] == "authorised") != (new["level"] == "authorised"):
        found.append(f"The register {'covers it now' if new['level'] == 'authorised' else 'covers it no longer'}.")
    if not same(old["benign_p"], new["benign_p"]):
        found.append(f"benign_p: {_number(old['benign_p'])} before, {_number(new['benign_p'])} now.")
    return found


def _comings(joined: list[str], left: list[str], first_seen: int | None, not_seen: int | None) -> list[str]:
    """Where those who joined come from, and where those who left have gone."""
    found = []
    if joined and first_seen is not None:
        found.append(f"Of the {_accounts(joined)} that joined, {len(joined) - first_seen} sent something before.")
    if left and not_seen is not None:
        found.append(f"Of the {_accounts(left)} that left, {len(left) - not_seen} still sent something.")
    return found


def _accounts(names: list[str]) -> str:
    return wording.plural(len(names), "account")


def _named(row: Row) -> str:
    return row["innocent_explanation"] or "none"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.2g}"


def same(old: Any, new: Any) -> bool:
    """Whether two values say the same; numbers to six digits.

    >>> same(1.0, 1.0 + 1e-9), same(None, 0.0), same("a", "a")
    (True, False, True)
    """
    if isinstance(old, int | float) and isinstance(new, int | float):
        return math.isclose(old, new, rel_tol=SAME_BITS, abs_tol=SAME_BITS)
    return bool(old == new)
