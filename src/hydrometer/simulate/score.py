"""Scores a run against the truth: campaigns, accounts, operators, exchanges, time, shares, roles and calibration.

What counts as flagged is what a provider would act on: members with role operator or victim of campaigns at the levels
confirmed and suspected. A method without a run folder is scored by `score_flags`, several worlds by `over_worlds`.
Source: detection table, section 6.1; statistics cookbook, section 12.
"""

from __future__ import annotations

from pathlib import Path

from hydrometer.simulate import (
    score_accounts,
    score_calibration,
    score_campaigns,
    score_exchanges,
    score_groups,
    score_matches,
    score_members,
    score_time,
)
from hydrometer.simulate.score_flags import score_flags
from hydrometer.simulate.score_matches import Matches
from hydrometer.simulate.score_rounding import rounded
from hydrometer.simulate.score_tables import Found, Row, Truth, read_found, read_truth
from hydrometer.simulate.score_worlds import over_worlds

__all__ = ["over_worlds", "score", "score_flags"]


def score(run: Path, truth: Path, traffic: Path | None = None) -> dict[str, object]:
    """All figures of one run on one world; None stands for a figure that has nothing to be computed from.

    Args:
        run: folder that `scan` wrote.
        truth: folder `truth` of the world that it scanned.
        traffic: the world's traffic, for leakage; by default the folder `traffic` beside the truth.

    Raises:
        RunError, UsageError: a folder is not what it should be.
    """
    known, found = read_truth(truth), read_found(run)
    traffic = traffic or truth.parent / "traffic"
    matches = score_matches.match(known, found.members)
    served = score_exchanges.served(known, traffic, score_campaigns.detectable(known, found, matches))
    entries = score_campaigns.entries(known, found, matches, served)
    return rounded(
        {
            "campaigns": entries,
            **score_matches.figures(known, found.members, matches, score_matches.length_days(traffic)),
            "false_discovery_level": found.level,
            "campaign_coverage": score_matches.mean_coverage(entries),
            "verdicts": score_campaigns.means(entries),
            "time": score_time.figures(entries),
            **_people(known, found),
            **_memberships(known, found, matches),
            "exchanges": score_exchanges.attribution(known, found, matches.true_of),
            "calibration": score_calibration.figures(known, found, matches),
        }
    )


def _people(known: Truth, found: Found) -> Row:
    """Figures over accounts and over the operators that the run makes of them."""
    return {
        "accounts": score_accounts.figures(known, found.flagged),
        "false_alarms_by_archetype": score_accounts.by_archetype(known, found.flagged),
        "false_alarms_by_difficulty": score_accounts.by_difficulty(known, found.flagged),
        "b_cubed_campaign_accounts": score_groups.b_cubed(known, found.operators, campaign=True),
        "b_cubed_benign_accounts": score_groups.b_cubed(known, found.operators, campaign=False),
        "clustering": score_groups.clustering(known, found.operators, found.members),
    }


def _memberships(known: Truth, found: Found, matches: Matches) -> Row:
    """Figures over accounts in campaigns."""
    told = score_members.shares(known, found, matches, known.campaigns)
    return {
        "roles": score_members.roles(known, found, matches),
        "memberships": score_members.memberships(known, found, matches),
        "shares": score_members.share_figures(told),
    }
