"""Velocity: how far an account's busiest hour and day come to plain rate limits.

What a provider has before it has anything else. The score is the largest of three shares of a limit: requests in the
busiest clock hour, requests on the busiest day, tokens on the busiest day. The limits of requests are those that an
open per-key detector ships (honeypotllm 0.1.3: 500 an hour, 5,000 a day); the limit of tokens is a thousand for each
request of the daily limit. A score of 1 is an account at a limit.
"""

from __future__ import annotations

from pathlib import Path

from hydrometer.simulate.baseline import Baseline, Scored
from hydrometer.simulate.baselines._traffic import DAY, HOUR, account_ids, aligned, opened

HOUR_REQUESTS, DAY_REQUESTS = 500, 5_000
DAY_TOKENS = 1_000 * DAY_REQUESTS


def run(traffic: Path, seed: int) -> Scored:
    """Scores of all accounts; nothing is drawn, so the seed has no effect."""
    del seed
    connection = opened(traffic)
    rows = connection.execute(f"""
        with hours as (
            select account_id, {HOUR} as hour, {DAY} as day, count(*) as requests,
                sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) as tokens
            from exchanges group by all
        ), days as (
            select account_id, max(requests) as peak_hour, sum(requests) as requests, sum(tokens) as tokens
            from hours group by account_id, day
        )
        select account_id, greatest(max(peak_hour) / {HOUR_REQUESTS}, max(requests) / {DAY_REQUESTS},
            max(tokens) / {DAY_TOKENS})
        from days group by account_id""").fetchall()
    return aligned(account_ids(connection), dict(rows))


BASELINE = Baseline(
    name="velocity",
    summary="busiest hour and day of each account against plain rate limits",
    source="limits of honeypotllm 0.1.3 (Apache-2.0), file config.py, facts only",
    unit="account",
    published=1.0,
    run=run,
)
