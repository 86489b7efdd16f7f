"""Counts a campaign's figures again from the sealed fingerprints and aggregates, beside what the run's tables say.

A dossier that only repeats its tables proves nothing about them. Volumes, moments and hours are sums over exchanges,
and the q-value and the posterior are functions of e-values, so each can be worked out again by somebody who trusts
nobody. What cannot be (the urn of H1 needs things that only the run's working folder had) is said among the limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from hydrometer.base.units import MICRO_USD
from hydrometer.share.dossier_redaction import Level
from hydrometer.share.dossier_sealed import Sealed
from hydrometer.share.report_json import rounded

MILLION = 1_000_000
TOLERANCE = 1e-9
"""Relative difference between two ways to the same number, beyond which they disagree."""
HOUR_US = 3_600_000_000
TOTALS = """
select count(*) as rows, count(millionths) as attributed, count(distinct account_id) as accounts,
       coalesce(sum(millionths), 0)::bigint as exchanges,
       coalesce(sum(millionths::hugeint * coalesce(input_tokens, 0)), 0)::double as input_tokens,
       coalesce(sum(millionths::hugeint * coalesce(output_tokens, 0)), 0)::double as output_tokens,
       coalesce(sum(millionths::hugeint * micro_usd), 0)::double as micro_usd,
       min(sent_us) filter (millionths is not null) as first_us,
       max(sent_us) filter (millionths is not null) as last_us
from read_parquet($path)
"""
HOURS = f"""
select sent_us // {HOUR_US} as hour, sum(millionths)::bigint as millionths
from read_parquet($path) where millionths is not null group by 1 order by 1
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what the tables say, what was counted again, and whether they agree."""

    what: str
    said: Any
    counted: Any
    agrees: bool

    def to_json(self) -> dict[str, Any]:
        """The figure as a row of the dossier."""
        return dict(rounded({"what": self.what, "said": self.said, "counted": self.counted, "agrees": self.agrees}))


def recount(sealed: Sealed) -> list[Figure]:
    """Every figure that can be worked out again from what is sealed."""
    found = _decision(sealed)
    if sealed.exchanges is not None:
        found += _volumes(sealed, str(sealed.exchanges))
    return found


def _volumes(sealed: Sealed, path: str) -> list[Figure]:
    """Sums over the sealed exchanges; moments to the hour where the level says no more."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        totals = connection.execute(TOTALS, {"path": path})
        sums = dict(zip([column[0] for column in totals.description or ()], totals.fetchall()[0], strict=True))
        hours = dict(connection.execute(HOURS, {"path": path}).fetchall())
    group, timeline = sealed.case.campaign, sealed.case.timeline
    said = {int(one["hour"].timestamp()) * MILLION // HOUR_US: one["exchanges"] for one in timeline}
    agreeing = sum(close(said.get(hour, 0.0), count / MILLION) for hour, count in hours.items())
    figures = [(name, group[name], sums[name] / MILLION) for name in ("exchanges", "input_tokens", "output_tokens")] + [
        ("usd", group["usd"], sums["micro_usd"] / MILLION / MICRO_USD)
    ]
    found = [Figure(name, one, other, close(one, other)) for name, one, other in figures]
    for name, us in (("first_seen", sums["first_us"]), ("last_seen", sums["last_us"])):
        moment: datetime = group[name]
        if sealed.level is not Level.INTERNAL:
            moment = moment.replace(minute=0, second=0, microsecond=0)
        there = int(moment.timestamp()) * MILLION + moment.microsecond
        found.append(Figure(name, iso(there), iso(us), us == there))
    found.append(Figure("hours_of_the_timeline", len(said), agreeing, agreeing == len(said) == len(hours)))
    return found


def iso(microseconds: int | None) -> str | None:
    """A moment in ISO 8601 from microseconds since 1970.

    >>> iso(0)
    '1970-01-01T00:00:00Z'
    """
    if microseconds is None:
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    return str(rounded(moment))


def close(one: float | None, other: float | None) -> bool:
    """Whether two ways to a number agree.

    >>> close(1.0, 1.0 + 1e-12), close(1.0, 1.1), close(None, None)
    (True, False, True)
    """
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _decision(sealed: Sealed) -> list[Figure]:
    """The posterior from bits and prior, and the largest q-value that e-BH allows."""
    group, reference, run = sealed.case.campaign, sealed.documents["reference"], sealed.documents["run"]
    bits = [one for one in (group["operator_bits"], group["extraction_bits"]) if one is not None]
    found = []
    prior = run.get("prior")
    if len(bits) == 2 and isinstance(prior, float) and 0 < prior < 1:
        counted = posterior(min(bits), prior)
        found.append(Figure("posterior", group["posterior"], counted, close(group["posterior"], counted)))
    candidates = reference.get("candidates")
    if len(bits) == 2 and candidates:
        largest = largest_q(min(bits), reference["bits"], candidates)
        found.append(
            Figure("q_value_at_most", group["q_value"], largest, group["q_value"] <= largest * (1 + 1e-4) + TOLERANCE)
        )
    return found


def posterior(bits: float, prior: float) -> float:
    """Probability at a prior, reading the e-value 2^bits as a likelihood ratio.

    >>> round(posterior(2.0, 0.5), 3)
    0.8
    """
    odds = math.log(prior) - math.log1p(-prior) + bits * math.log(2.0)
    return 1.0 / (1.0 + math.exp(-min(max(odds, -700.0), 700.0)))


def largest_q(bits: float, reported: list[float | None], candidates: int) -> float:
    """m/(r·e): what e-BH gives a group of e = 2^bits that is r-th of the groups reported, of m candidates.

    Candidates that were found to be part of a reported group may stand before it and make q smaller, never larger.

    Args:
        bits: of the group.
        reported: of all reported groups, null where a hypothesis abstained.
        candidates: number of groups that formation returned.

    >>> largest_q(10.0, [12.0, 10.0, 1.0], 4) == 4 / (2 * 1024)
    True
    """
    at_least = sum(one is not None and one >= bits - 1e-4 * abs(bits) for one in reported)
    return min(1.0, candidates / (max(at_least, 1) * math.exp2(min(bits, 1000.0))))
