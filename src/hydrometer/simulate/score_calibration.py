"""Whether a run's own probabilities come true: of its members, of its campaigns, and of its evidence on innocents.

A member comes true if it is of the true campaign that its group matches; a group, if half of its accounts are campaign
accounts of one operator. Groups of strangers without any campaign account are draws from the null hypotheses, though
selected ones: formation returned them. Source: statistics cookbook, section 12.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from hydrometer.simulate import calibration, metrics
from hydrometer.simulate.score_matches import Matches, is_discovery
from hydrometer.simulate.score_tables import FLAGGED_ROLES, Found, Row, Truth

_AUTHORISED = "authorised"
"""Level whose groups do build a data set, with leave: neither campaigns nor nulls."""
_HALF = 0.5
_MOST_BITS = 400.0
"""e-values beyond this many bits count as this: the square of a larger one is no float any more."""
_TELLING = (20, 100)
_DECILES = tuple(number / 10 for number in range(1, 10))


def figures(known: Truth, found: Found, matches: Matches) -> Row:
    """Calibration of members and posteriors, and what the evidence says about groups that are nothing."""
    groups: dict[str, set[str]] = defaultdict(set)
    for (group, account), row in found.rows.items():
        if row["role"] in FLAGGED_ROLES:
            groups[group].add(account)
    posteriors = [
        (row["posterior"], is_discovery(known, groups[group]))
        for group, row in sorted(found.judged.items())
        if row["level"] != _AUTHORISED
    ]
    listed = [(found.listed[group]["posterior"], is_discovery(known, groups[group])) for group in sorted(found.listed)]
    return {
        "members": table(_members(known, found, matches)),
        "posteriors": table(posteriors),
        "posteriors_listed": table(listed),
        "nulls": _nulls(known, found, groups),
    }


def table(stated: Sequence[tuple[float, bool]]) -> Row:
    """Brier score, calibration error with the one expected by luck, and the bins, of (probability, outcome) pairs."""
    probabilities, outcomes = [one for one, _ in stated], [true for _, true in stated]
    bins = calibration.reliability(probabilities, outcomes)
    return {
        "items": len(stated),
        "brier": calibration.brier(probabilities, outcomes),
        "calibration_error": bins.error,
        "calibration_error_if_calibrated": calibration.expected_error(probabilities),
        "reliability": bins.rows(),
    }


def pooled(tables: Sequence[Row]) -> Row:
    """Tables of several worlds as one: bins are added; Brier scores weighted by items."""
    counts = np.zeros((3, calibration.BINS))
    for row in (row for one in tables for row in one["reliability"]):
        place = round(row["from"] * calibration.BINS)
        counts[:, place] += row["items"] * np.array([1.0, row["mean_probability"], row["rate"]])
    bins = calibration.Reliability(*counts)
    items = sum(one["items"] for one in tables)
    return {
        "items": items,
        "brier": metrics.ratio(sum(one["items"] * one["brier"] for one in tables if one["items"]), items),
        "calibration_error": bins.error,
        "calibration_error_if_calibrated": calibration.expected_error_of_bins(bins),
        "reliability": bins.rows(),
    }


def _members(known: Truth, found: Found, matches: Matches) -> list[tuple[float, bool]]:
    """Probability of each listed member, and whether it is of the campaign that its group comes nearest to."""
    nearest = {group: campaign for campaign, (group, _) in matches.best.items()}
    return [
        (found.rows[group, account]["probability"], account in known.members.get(nearest.get(group, ""), ()))
        for group, members in sorted(found.members.items())
        for account in sorted(members)
    ]


def _nulls(known: Truth, found: Found, groups: dict[str, set[str]]) -> Row:
    """What the run's evidence says about judged groups that hold no campaign account."""
    innocent = {
        group: row
        for group, row in found.judged.items()
        if row["level"] != _AUTHORISED and groups[group] and not groups[group] & known.guilty
    }
    strangers = {group: row for group, row in innocent.items() if _of_strangers(known, groups[group])}
    return {
        "operator": _evidence([row["operator_bits"] for row in strangers.values()]),
        "extraction": _evidence([row["extraction_bits"] for row in innocent.values()]),
        "benign_p": _uniformity([row["benign_p"] for row in innocent.values()]),
    }


def _of_strangers(known: Truth, accounts: set[str]) -> bool:
    """Whether no operator has half of a group."""
    owners = Counter(known.accounts[one]["operator_id"] for one in accounts if one in known.accounts)
    return max(owners.values(), default=0) < _HALF * len(accounts)


def _evidence(bits: Sequence[float | None]) -> Row:
    """Mean e-value with a t interval (at most 1 under the null), and how often it is large (at most 1/x)."""
    known = [one for one in bits if one is not None]
    values = [2.0 ** min(one, _MOST_BITS) for one in known]
    low, high = metrics.t_interval(values)
    inverse = [2.0 ** -max(one, 0.0) for one in known]
    return {
        "groups": len(values),
        "mean": metrics.ratio(sum(values), len(values)),
        "t_low": low,
        "t_high": high,
        **{
            f"at_least_{bound}": metrics.ratio(sum(value >= bound for value in values), len(values))
            for bound in _TELLING
        },
        "excess_of_small_p": calibration.excess_of_small(inverse),
        "band_95": calibration.band(len(inverse)),
    }


def _uniformity(p_values: Sequence[float | None]) -> Row:
    """How far null p-values are from uniform, and their deciles for a quantile plot."""
    known = [one for one in p_values if one is not None]
    return {
        "groups": len(known),
        "excess_of_small_p": calibration.excess_of_small(known),
        "band_95": calibration.band(len(known)),
        "deciles": [metrics.quantile(known, share) for share in _DECILES],
    }
