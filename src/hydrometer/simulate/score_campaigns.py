"""One entry for each true campaign: which listed one it is, and whether kind, capabilities, pivot and shares are right.

Figures over what a run says of a campaign are averaged over hits alone: of a missed one it says nothing. Source:
detection table, section 6.1; the contract, section 2 (capabilities are listed most targeted first).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from hydrometer.simulate import metrics, score_members, score_time
from hydrometer.simulate.score_matches import Matches, coverage
from hydrometer.simulate.score_tables import Found, Row, Truth

_HOUR = timedelta(hours=1)
_MEANS = (
    "jaccard",
    "kind_right",
    "capability_top1_right",
    "capability_recall_top_k",
    "pivot_right",
    "pivot_error_hours",
)


def detectable(known: Truth, found: Found, matches: Matches) -> dict[str, datetime | None]:
    """When each true campaign could be listed, by its hit; None = never."""
    return {
        campaign: found.listed[matches.hits[campaign]].get("detectable_at") if campaign in matches.hits else None
        for campaign in known.campaigns
    }


def entries(known: Truth, found: Found, matches: Matches, served: Mapping[str, Row]) -> list[Row]:
    """One entry for each true campaign, ordered by preset and id.

    Args:
        known: the truth.
        found: the run.
        matches: their match.
        served: what `score_exchanges.served` says about each campaign.
    """
    moments = detectable(known, found, matches)
    return [
        {
            **_match(known, found, matches, campaign),
            **_verdict(row, found.listed.get(matches.hits.get(campaign, ""))),
            **score_time.campaign(served.get(campaign), row["started_at"], moments[campaign]),
            **_shares(known, found, matches, campaign),
        }
        for campaign, row in sorted(known.campaigns.items(), key=lambda entry: (entry[1]["preset"], entry[0]))
    ]


def means(entries: Sequence[Row]) -> Row:
    """What the run says of found campaigns, averaged over those of which it says anything."""
    hits = [entry for entry in entries if entry["hit"]]
    told = {name: [float(entry[name]) for entry in hits if entry[name] is not None] for name in _MEANS}
    return {"campaigns": len(hits), **{name: metrics.ratio(sum(some), len(some)) for name, some in told.items()}}


def _match(known: Truth, found: Found, matches: Matches, campaign: str) -> Row:
    """What a campaign is called, and how much of it is found."""
    partner, weight = matches.best.get(campaign, (None, 0.0))
    return {
        "campaign_id": campaign,
        "preset": known.campaigns[campaign]["preset"],
        "accounts": len(known.members[campaign]),
        "coverage": coverage(known, campaign, found.flagged),
        "found_as": partner,
        "jaccard": weight,
        "hit": campaign in matches.hits,
    }


def _verdict(true: Row, said: Row | None) -> Row:
    """What the run says about a found campaign against the truth; None throughout for a missed one."""
    if said is None:
        names = ("level", "kind_right", "capability_top1_right", "capability_recall_top_k", "pivot_right")
        return dict.fromkeys((*names, "pivot_error_hours"))
    listed, wanted = list(said.get("capabilities") or []), list(true["capabilities"])
    pivots = said.get("pivot_at"), true["pivot_at"]
    return {
        "level": said["level"],
        "kind_right": said["kind"] == true["kind"],
        "capability_top1_right": bool(listed) and bool(wanted) and listed[0] == wanted[0],
        "capability_recall_top_k": metrics.ratio(len(set(listed[: len(wanted)]) & set(wanted)), len(wanted)),
        "pivot_right": (pivots[0] is None) == (pivots[1] is None),
        "pivot_error_hours": None if None in pivots else abs(pivots[0] - pivots[1]) / _HOUR,
    }


def _shares(known: Truth, found: Found, matches: Matches, campaign: str) -> Row:
    """Errors of the shares of one campaign's members."""
    figures = score_members.share_figures(score_members.shares(known, found, matches, [campaign]))
    return {
        "share_error": figures["mean_absolute_error"],
        "shares_within_5_points": figures["within_5_points"],
        "share_interval_coverage": figures["interval_coverage"],
    }
