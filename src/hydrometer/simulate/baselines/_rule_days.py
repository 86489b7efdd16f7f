"""Fixed rules that look at one account within one day: preambles, sessions on a schedule, token limits, model switches.

Each yields account_id, day, score and confidence, both 0 to 1, from `calls` (see `fixed_rules`). Thresholds and points
are the published ones.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import duckdb
import numpy as np
import pyarrow as pa

from hydrometer.simulate.baselines._rule_hours import spread

_ROLES = (
    r"never refuse|without restrictions|maximum detail|every step of your reasoning|chain of thought|think aloud"
    r"|(you are|act as) an expert|you are a (highly skilled|world-class|top-tier)|training examples|exhaustive"
    r"|cover all aspects|comprehensive and thorough|answer in json|structure your response|must be parseable"
)
"""Wording of the published role patterns, as one expression of our own."""
_TASKS = r"(task|step|question) 1:|first,.*then,.*finally,"

PREAMBLES = f"""
    with opened as (
        select account_id, day, system_hash is not null as stated,
            coalesce(system_hash, prompt_hash) as preamble,
            least(0.25, 0.10 * len(regexp_extract_all(prompt, '{_ROLES}'))) as roles,
            case when regexp_matches(prompt, '{_TASKS}', 's') then 0.15 else 0 end as tasks
        from calls
    ), sharing as (
        select preamble, count(distinct account_id) as accounts from opened group by preamble
    ), days as (
        select account_id, day, count(*) filter (stated) as stated from opened group by account_id, day
    ), used as (
        select account_id, day, preamble, count(*) filter (stated) as times, max(roles + tasks) as wording
        from opened where preamble is not null group by account_id, day, preamble
    ), points as (
        select account_id, day, wording,
            case when accounts >= 10 then 0.50 when accounts >= 5 then 0.35 when accounts >= 3 then 0.18
                else 0 end as common,
            case when stated < 5 then 0 when times / stated >= 0.8 then 0.35 when times / stated >= 0.6 then 0.20
                else 0 end as reuse
        from used join days using (account_id, day) join sharing using (preamble)
    )
    select account_id, day, least(1, wording + common + reuse) as score,
        case when common > 0 then 0.90 when reuse > 0 then 0.75 else 0.55 end as confidence
    from points where wording + common + reuse >= 0.15"""

SESSIONS = f"""
    with steps as (
        select account_id, day, us, exchange_id,
            us // 1000000 - lag(us // 1000000) over (partition by account_id, day order by us, exchange_id) as gap
        from calls
    ), numbered as (
        select account_id, day, gap, sum(case when gap >= 120 then 1 else 0 end)
            over (partition by account_id, day order by us, exchange_id rows unbounded preceding) as session
        from steps
    ), sizes as (
        select account_id, day, count(*)::bigint as n from numbered group by account_id, day, session
    ), uniform as (
        select account_id, day, sum(n) as n, count(*) as sessions, {spread("n")} as sizes from sizes
        group by account_id, day
    ), breaks as (
        select account_id, day, {spread("gap")} as gaps from numbered where gap >= 120 group by account_id, day
    )
    select account_id, day, case when gaps < 0.05 then 0.88 when gaps < 0.08 then 0.75 else 0.55 end as confidence,
        case when gaps < 0.05 then 0.55 when gaps < 0.08 then 0.40 when gaps < 0.15 then 0.20 else 0 end
            + case when sizes < 0.10 and gaps < 0.15 then 0.25 else 0 end
            + case when sessions > 20 then 0.10 else 0 end as score
    from uniform join breaks using (account_id, day) where n >= 8 and sessions >= 4 and score >= 0.15"""

SWITCHES = """
    with steps as (
        select account_id, day, us // 21600000000 as quarter, model,
            lag(model) over (partition by account_id order by us, exchange_id) as before
        from calls
    ), moved as (
        select * from steps where model <> before
    ), together as (
        select cluster, model, quarter, count(distinct account_id) as accounts
        from moved join clusters using (account_id) group by all
    )
    select account_id, day, 0.85 as confidence,
        max(case when accounts >= 5 then least(1, 0.20 + accounts / 30 * 0.80) else 0.20 end) as score
    from moved left join clusters using (account_id) left join together using (cluster, model, quarter)
    group by account_id, day"""

_CEILINGS = (1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 128_000, 200_000)
"""Common limits of models, in tokens."""


def limits(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Account-days whose token limits sit at a ceiling, sweep a range, or are high."""
    rows = connection.sql("""
        select account_id, day, list(max_tokens order by max_tokens) as asked from calls
        where max_tokens is not null group by account_id, day having count(*) >= 6
        order by account_id, day""").fetchall()
    found = []
    for account, day, asked in rows:
        score, reasons = _limit_points(tuple(asked))
        if score >= 0.20:
            confidence = 0.82 if reasons >= 2 else 0.60
            found.append({"account_id": account, "day": day, "score": score, "confidence": confidence})
    columns = [("account_id", pa.string()), ("day", pa.int64()), ("score", pa.float64()), ("confidence", pa.float64())]
    return pa.Table.from_pylist(found, schema=pa.schema(columns))


@cache
def _greedy(limit: int) -> bool:
    """Whether a limit is at least nine tenths of the ceiling that is nearest to it."""
    return limit >= 0.9 * min(_CEILINGS, key=lambda ceiling: abs(ceiling - limit))


def _limit_points(asked: tuple[int, ...]) -> tuple[float, int]:
    """Points and number of reasons for the ascending limits of a day."""
    greedy = sum(map(_greedy, asked)) >= 0.7 * len(asked)
    steps = sorted(set(asked))
    sweep = 0.45 if _even(steps, ratios=True) else 0.35 if _even(steps, ratios=False) else 0.0
    high = asked[len(asked) // 2] > 2_000
    return 0.30 * greedy + sweep + 0.10 * high, int(greedy) + (sweep > 0) + int(high)


def _even(steps: list[int], *, ratios: bool) -> bool:
    """Whether at least four limits follow each other at a constant ratio, or else a constant distance."""
    if len(steps) < 4 or steps[0] <= 0:
        return False
    moves = np.array([after / before if ratios else after - before for before, after in pairwise(steps)])
    return bool((not ratios or moves.mean() >= 1.5) and moves.std() / moves.mean() < (0.25 if ratios else 0.20))
