"""Figures over memberships, an account in a campaign: who is operator, victim or customer, and with which share.

An account may belong to several campaigns; a membership is right if it stands in the listed campaign that is a hit for
the true one. Source: detection table, section 6.1; the contract, section 2 (roles and shares).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hydrometer.base.tables import ROLES
from hydrometer.simulate import metrics
from hydrometer.simulate.score_matches import Matches
from hydrometer.simulate.score_tables import FLAGGED_ROLES, Found, Pair, Row, Truth

_NO_CAMPAIGN = "no campaign: "
CLOSE = 0.05
"""Distance within which a stated share counts as right: five points."""


@dataclass(frozen=True, slots=True)
class Share:
    """The share of an account's exchanges that belongs to a campaign, as stated, with its interval, and as it is."""

    said: float
    low: float | None
    high: float | None
    true: float


def roles(known: Truth, found: Found, matches: Matches) -> Row:
    """Precision and recall of each role, and genuine owners and customers who are taken for operators."""
    said = _said(found, matches)
    victims, customers = _only(known, "victim"), _only(known, "customer")
    operators = {account for (_, account), role in said if role == "operator"}
    return {
        **{role: _role(known, said, role) for role in ROLES},
        "victims": len(victims),
        "victims_flagged_as_operators": len(victims & operators),
        "victims_flagged_as_operators_share": metrics.ratio(len(victims & operators), len(victims)),
        "customers": len(customers),
        "customers_flagged": len(customers & found.flagged),
        "customers_flagged_share": metrics.ratio(len(customers & found.flagged), len(customers)),
    }


def memberships(known: Truth, found: Found, matches: Matches) -> Row:
    """Precision and recall over memberships as operator or victim, and accounts that several campaigns share."""
    said = {pair for pair, role in _said(found, matches) if role in FLAGGED_ROLES}
    true = {(campaign, account) for campaign, members in known.members.items() for account in members}
    right = len(said & true)
    precision, recall = metrics.ratio(right, len(said)), metrics.ratio(right, len(true))
    wanted, got = Counter(account for _, account in true), Counter(account for _, account in said & true)
    several = [account for account, count in wanted.items() if count > 1]
    return {
        "true": len(true),
        "listed": len(said),
        "precision": precision,
        "recall": recall,
        "f1": metrics.f1(precision, recall),
        "accounts_in_several": len(several),
        "accounts_in_several_all_found": sum(got[account] == wanted[account] for account in several),
    }


def shares(known: Truth, found: Found, matches: Matches, campaigns: Iterable[str]) -> list[Share]:
    """Stated and true shares of the members that these campaigns and their hits have in common, in order of ids."""
    pairs = [
        (found.rows[matches.hits[campaign], account], known.shares[campaign, account])
        for campaign in sorted(campaigns)
        if campaign in matches.hits
        for account in sorted(known.members[campaign] & found.members[matches.hits[campaign]])
        if (campaign, account) in known.shares
    ]
    return [
        Share(row["share"], row.get("share_low"), row.get("share_high"), true)
        for row, true in pairs
        if row["share"] is not None
    ]


def share_figures(told: Sequence[Share]) -> Row:
    """Error of the stated shares and coverage of their intervals, over all members and over mixed accounts alone.

    A mixed account has traffic of its own beside the campaign's: its true share is below one.
    """
    return {**_share_errors(told), "mixed": _share_errors([one for one in told if one.true < 1.0])}


def _share_errors(told: Sequence[Share]) -> Row:
    """Mean absolute error, share of members within five points, coverage and mean width of the intervals."""
    errors = [abs(one.said - one.true) for one in told]
    intervals = [(one.low, one.high, one.true) for one in told if one.low is not None and one.high is not None]
    return {
        "members": len(told),
        "mean_absolute_error": metrics.ratio(sum(errors), len(errors)),
        "within_5_points": metrics.ratio(sum(round(error, 9) <= CLOSE for error in errors), len(errors)),
        "intervals": len(intervals),
        "interval_coverage": metrics.ratio(sum(low <= true <= high for low, high, true in intervals), len(intervals)),
        "interval_width": metrics.ratio(sum(high - low for low, high, _ in intervals), len(intervals)),
    }


def _said(found: Found, matches: Matches) -> list[tuple[Pair, str]]:
    """Listed memberships in terms of true campaigns; those of a listed campaign that is no hit are of none."""
    true_of = matches.true_of
    return [
        ((true_of.get(group, _NO_CAMPAIGN + group), account), row["role"])
        for (group, account), row in found.rows.items()
        if group in found.listed
    ]


def _role(known: Truth, said: Sequence[tuple[Pair, str]], role: str) -> Row:
    """Precision of one role over listed memberships, recall over true ones."""
    true = {pair for pair, one in known.roles.items() if one == role}
    listed = {pair for pair, one in said if one == role}
    right = len(true & listed)
    precision, recall = metrics.ratio(right, len(listed)), metrics.ratio(right, len(true))
    return {"true": len(true), "listed": len(listed), "precision": precision, "recall": recall}


def _only(known: Truth, role: str) -> set[str]:
    """Accounts that have this role in a campaign and are operator of none."""
    held = {account for (_, account), one in known.roles.items() if one == role}
    return held - {account for (_, account), one in known.roles.items() if one == "operator"}
