"""Figures over exchanges: how many are attributed rightly, and what each campaign had got before it was detectable.

Sums are taken by the engine over whole numbers and never over lists in memory, since a world may hold millions of
campaign exchanges. Source: detection table, section 6.1 (leakage in exchanges, tokens and money).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.base.units import MICRO_USD
from hydrometer.simulate import metrics
from hydrometer.simulate.score_tables import Found, Row, Truth, parts

CERTAIN = 0.5
"""Probability from which an exchange counts as attributed."""
_ATTRIBUTED = """
with said as (
    select a.exchange_id, l.true_id from read_parquet($said) a join listed l using (campaign_id)
    where a.probability >= $certain
), known as (select exchange_id, campaign_id from read_parquet($known))
select (select count(distinct exchange_id) from known),
       (select count(distinct exchange_id) from said),
       (select count(distinct exchange_id) from said semi join known using (exchange_id)),
       (select count(distinct said.exchange_id) from said join known
        on said.exchange_id = known.exchange_id and said.true_id = known.campaign_id)
"""
_SERVED = """
select campaign_id, count(*), count(*) filter (early), sum(if(early, tokens, 0 * tokens))::bigint,
       sum(if(early, micro, 0 * micro))::bigint
from (
    select k.campaign_id, {tokens} as tokens, cast(round({usd} * $micro) as bigint) as micro,
           d.detectable_us is null or epoch_us(t.sent_at) < d.detectable_us as early
    from read_parquet($known) k join read_parquet($traffic, union_by_name = true) t using (exchange_id)
    join detectable d on d.campaign_id = k.campaign_id
) group by campaign_id order by campaign_id
"""
"""`0 * tokens` keeps a column that is null throughout null, and not nought."""


def attribution(known: Truth, found: Found, true_of: Mapping[str, str]) -> Row:
    """Precision and recall over exchanges attributed with probability one half or more to a listed campaign.

    Args:
        known: the truth.
        found: the run.
        true_of: the true campaign of each listed one that is a hit, for the share attributed to the right one.
    """
    listed = pa.table(
        {
            "campaign_id": pa.array(list(found.listed), pa.string()),
            "true_id": pa.array([true_of.get(one) for one in found.listed], pa.string()),
        }
    )
    with duckdb.connect() as connection:
        connection.register("listed", listed)
        given = {"said": _texts(found.attributed), "known": _texts(known.exchanges), "certain": CERTAIN}
        row = connection.execute(_ATTRIBUTED, given).fetchone() or (0, 0, 0, 0)
    true, attributed, right, placed = (int(count) for count in row)
    precision, recall = metrics.ratio(right, attributed), metrics.ratio(right, true)
    return {
        "precision": precision,
        "recall": recall,
        "f1": metrics.f1(precision, recall),
        "true": true,
        "attributed": attributed,
        "right": right,
        "of_the_right_campaign": metrics.ratio(placed, right),
    }


def served(known: Truth, traffic: Path, detectable: Mapping[str, datetime | None]) -> dict[str, Row]:
    """What each campaign was served in all and before it was detectable; empty where the traffic is not at hand.

    Args:
        known: the truth.
        traffic: folder of the world's traffic.
        detectable: when each campaign could be listed; None = never, so that all of it was served before.

    Returns:
        For each campaign with exchanges: `exchanges`, `leaked_exchanges`, `leaked_output_tokens`, `leaked_usd`
        (None where the traffic has no such column).
    """
    files = parts(traffic, "exchanges")
    if not files:
        return {}
    moments = pa.table(
        {
            "campaign_id": pa.array(list(detectable), pa.string()),
            "detectable_us": pa.array(list(detectable.values()), pa.timestamp("us", tz="UTC")).cast(pa.int64()),
        }
    )
    there = pq.read_schema(files[0]).names
    query = _SERVED.format(
        tokens="t.output_tokens" if "output_tokens" in there else "null::bigint",
        usd="t.cost_usd" if "cost_usd" in there else "null::double",
    )
    with duckdb.connect() as connection:
        connection.register("detectable", moments)
        given = {"known": _texts(known.exchanges), "traffic": _texts(files), "micro": MICRO_USD}
        rows = connection.execute(query, given).fetchall()
    return {campaign: _leak(*sums) for campaign, *sums in rows}


def _leak(exchanges: int, leaked: int, tokens: int | None, micro_usd: int | None) -> Row:
    """Figures of one campaign from the engine's sums."""
    return {
        "exchanges": exchanges,
        "leaked_exchanges": leaked,
        "leaked_output_tokens": tokens,
        "leaked_usd": None if micro_usd is None else micro_usd / MICRO_USD,
    }


def _texts(files: list[Path]) -> list[str]:
    """Paths as the engine takes them."""
    return [str(file) for file in files]
