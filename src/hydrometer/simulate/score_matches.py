"""Which listed campaign is which true one, and how many of either have no counterpart.

A hit shares at least half of all its accounts with the true campaign. A listed campaign that is no hit is a false one;
if half of its accounts are one operator's campaign accounts all the same, it is a fragment and no false discovery.
Source: statistics cookbook, section 12 (campaign match, FDR check); detection table, section 6.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb

from hydrometer.simulate import metrics
from hydrometer.simulate.score_tables import Row, Truth, parts

MONTH = timedelta(days=30)
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Matches:
    """The one-to-one match of true and listed campaigns.

    Attributes:
        best: partner of each true campaign that shares any account with one, and their Jaccard.
        hits: partner of each true campaign that is found.
    """

    best: dict[str, tuple[str, float]]
    hits: dict[str, str]

    @property
    def true_of(self) -> dict[str, str]:
        """The true campaign of each listed one that is a hit."""
        return {found: true for true, found in self.hits.items()}


def match(known: Truth, listed: Mapping[str, set[str]]) -> Matches:
    """Matches the accounts of listed campaigns with those of true ones."""
    best = metrics.match(known.members, listed)
    return Matches(best, {true: found for true, (found, weight) in best.items() if weight >= metrics.HIT})


def figures(known: Truth, listed: Mapping[str, set[str]], matches: Matches, days: float | None) -> Row:
    """Counts of found and false campaigns.

    Args:
        known: the truth.
        listed: accounts of each listed campaign.
        matches: their match.
        days: length of the traffic; None where it is not at hand.
    """
    false = len(listed) - len(matches.hits)
    no_discovery = sum(not is_discovery(known, members) for members in listed.values())
    return {
        "campaigns_true": len(known.campaigns),
        "campaigns_listed": len(listed),
        "campaigns_hit": len(matches.hits),
        "campaign_recall": metrics.ratio(len(matches.hits), len(known.campaigns)),
        "false_campaigns": false,
        "false_campaigns_per_30_days": false * MONTH.days / days if days else None,
        "false_discoveries": no_discovery,
        "false_discovery_proportion": no_discovery / max(1, len(listed)),
        "days": days,
    }


def is_discovery(known: Truth, members: set[str]) -> bool:
    """Whether at least half of a listed campaign are campaign accounts of one operator."""
    tally: dict[str, set[str]] = {}
    for campaign, true in known.members.items():
        tally.setdefault(known.hands.get(campaign, campaign), set()).update(members & true)
    return bool(members) and max((len(one) for one in tally.values()), default=0) >= _HALF * len(members)


def coverage(known: Truth, campaign: str, flagged: set[str]) -> float | None:
    """Share of a campaign's accounts that are flagged, in whatever group."""
    members = known.members.get(campaign, set())
    return metrics.ratio(len(members & flagged), len(members))


def mean_coverage(entries: Sequence[Row]) -> float | None:
    """Mean over campaigns of the share of their accounts that are flagged; entries say it as `coverage`."""
    told = [entry["coverage"] for entry in entries if entry["coverage"] is not None]
    return metrics.ratio(sum(told), len(told))


def length_days(traffic: Path) -> float | None:
    """Days from the first exchange of the traffic to the last; None where it is not at hand or is one moment."""
    files = parts(traffic, "exchanges")
    if not files:
        return None
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        row = connection.execute(
            "select epoch_us(max(sent_at)) - epoch_us(min(sent_at)) from read_parquet($1)",
            [[str(file) for file in files]],
        ).fetchone()
    return timedelta(microseconds=row[0]) / timedelta(days=1) or None if row and row[0] is not None else None
