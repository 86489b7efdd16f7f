"""How much a campaign had got before it was detectable, as quantiles over campaigns.

A campaign that never became detectable had got everything, and took for ever: quantiles of time that fall among such
campaigns are None. Source: detection table, section 6.1 (median and p90 of exchanges, tokens, money).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from hydrometer.simulate import metrics
from hydrometer.simulate.score_tables import Row

MARKS = (10_000, 100_000, 1_000_000)
"""Exchanges that make a data set useful: for a skill, for a domain, for a general model."""
_QUANTILES = {"median": 0.5, "p90": 0.9}
_HOUR = timedelta(hours=1)
_SUMS = ("leakage", "leaked_exchanges", "leaked_output_tokens", "leaked_usd")


def campaign(served: Row | None, started: datetime, detectable: datetime | None) -> Row:
    """Leakage and delay of one campaign; leakage is None where its traffic is not at hand.

    Args:
        served: what `score_exchanges.served` says about it.
        started: its first exchange.
        detectable: when it could be listed; None = never.
    """
    counts = served or dict.fromkeys(("exchanges", *_SUMS[1:]))
    return {
        **counts,
        "leakage": metrics.ratio(served["leaked_exchanges"], served["exchanges"]) if served else None,
        "detectable_at": detectable.isoformat() if detectable else None,
        "hours_to_detectable": (detectable - started) / _HOUR if detectable else None,
    }


def figures(entries: Sequence[Row]) -> Row:
    """Median and 90 % quantile over campaigns, and how many passed each mark of useful data before detection."""
    told = {name: [float(entry[name]) for entry in entries if entry[name] is not None] for name in _SUMS}
    told["hours_to_detectable"] = [
        math.inf if entry["hours_to_detectable"] is None else float(entry["hours_to_detectable"]) for entry in entries
    ]
    known = [entry for entry in entries if entry["exchanges"] is not None]
    return {
        **{
            name: {quantile: metrics.quantile(values, share) for quantile, share in _QUANTILES.items()}
            for name, values in told.items()
        },
        "never_detectable": sum(entry["detectable_at"] is None for entry in entries),
        "useful_data": {
            str(mark): {
                "served": sum(entry["exchanges"] >= mark for entry in known),
                "served_before_detectable": sum(entry["leaked_exchanges"] >= mark for entry in known),
            }
            for mark in MARKS
        },
    }
