"""Scores a method that only flags accounts and perhaps groups them, in the figures of a run's score.

A rival of hydrometer has no run folder: no kinds, shares or times, only a list of accounts at some threshold. The
figures that both have carry the same names. Source: detection table, section 6.1 (baselines in the same harness).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from hydrometer.simulate import score_accounts, score_groups, score_matches
from hydrometer.simulate.score_rounding import rounded
from hydrometer.simulate.score_tables import Row, Truth, read_truth


def score_flags(truth_folder: Path, flagged: set[str], groups: Mapping[str, str] | None = None) -> dict[str, object]:
    """Account, archetype, campaign and clustering figures of flags and groups on one world.

    A listed campaign is a group with a flagged account, and its accounts are the flagged ones; a flagged account
    without a group counts among the flags and in no campaign. Without any groups at all the figures that need them are
    None, and the only word on campaigns is `coverage`, the share of a campaign's accounts that are flagged.

    Args:
        truth_folder: the folder `truth` of the world; `traffic` beside it gives the length of the traffic.
        flagged: accounts that the method flags.
        groups: the method's group of each account that has one; None if it makes no groups.

    Returns:
        The keys of `score.score` that need no more than this.

    Raises:
        UsageError: the folder has not the tables of a truth.
    """
    known = read_truth(truth_folder)
    figures: dict[str, object] = {
        **_campaigns(known, flagged, groups, score_matches.length_days(truth_folder.parent / "traffic")),
        "accounts": score_accounts.figures(known, flagged),
        "false_alarms_by_archetype": score_accounts.by_archetype(known, flagged),
        "false_alarms_by_difficulty": score_accounts.by_difficulty(known, flagged),
        "b_cubed_campaign_accounts": None if groups is None else score_groups.b_cubed(known, groups, campaign=True),
        "b_cubed_benign_accounts": None if groups is None else score_groups.b_cubed(known, groups, campaign=False),
        "clustering": None if groups is None else score_groups.clustering(known, groups, listed(flagged, groups)),
    }
    return rounded(figures)


def listed(flagged: set[str], groups: Mapping[str, str]) -> dict[str, set[str]]:
    """The flagged accounts of each group that has any.

    >>> listed({"a", "b"}, {"a": "g", "c": "g", "d": "h"})
    {'g': {'a'}}
    """
    members: dict[str, set[str]] = defaultdict(set)
    for account in flagged & groups.keys():
        members[groups[account]].add(account)
    return dict(members)


def _campaigns(known: Truth, flagged: set[str], groups: Mapping[str, str] | None, days: float | None) -> Row:
    """One entry for each true campaign, and the counts over them; counts are None where there are no groups."""
    found = listed(flagged, groups or {})
    matches = score_matches.match(known, found)
    entries = [
        {
            "campaign_id": campaign,
            "preset": row["preset"],
            "accounts": len(known.members[campaign]),
            "coverage": score_matches.coverage(known, campaign, flagged),
            "found_as": matches.best.get(campaign, (None, 0.0))[0],
            "jaccard": None if groups is None else matches.best.get(campaign, (None, 0.0))[1],
            "hit": None if groups is None else campaign in matches.hits,
        }
        for campaign, row in sorted(known.campaigns.items(), key=lambda entry: (entry[1]["preset"], entry[0]))
    ]
    counts = score_matches.figures(known, found, matches, days)
    if groups is None:
        counts = {name: value if name in ("campaigns_true", "days") else None for name, value in counts.items()}
    return {"campaigns": entries, **counts, "campaign_coverage": score_matches.mean_coverage(entries)}
