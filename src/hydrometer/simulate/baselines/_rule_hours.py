"""Fixed rules that look at one account within one clock hour: velocity, elicitation words, sameness, bursts.

Each statement is a SELECT over `calls` (see `fixed_rules`) that yields account_id, hour, score and confidence, both 0
to 1. Thresholds and points are the published ones; sums are of integers, so that threads cannot change a score.
"""

from __future__ import annotations

from itertools import pairwise

import duckdb
import numpy as np
import pyarrow as pa

_ELICITATION = (
    r"step[ -]by[ -]step|chain[ -]of[ -]thought|(show|write out) (each|every) step"
    r"|(articulate|trace|explain|walk through) (the|your) (internal )?reasoning|internal reasoning behind"
    r"|transparent reasoning|act as an? (judge|grader|evaluator)|rubric-based|reward model|labeled tuple"
    r"|reinforcement learning|censorship[ -]safe|politically sensitive|respond only (in|with) json"
)
"""Wording of the published elicitation patterns, as one expression of our own."""
_DOMAINS = {
    "reasoning": "step[ -]by[ -]step|chain[ -]of[ -]thought",
    "agents": "tool_call|tool use|multi-step plan|agent loop",
    "code": "implement|production-grade|unit test",
    "vision": "computer-use|screenshot|vision agent",
    "reward": "reward model|rubric|reinforcement",
    "politics": "censorship-safe|politically",
    "data": "data analyst|statistical rigor",
}
_VERBS = (
    "implement|explain|analyze|generate|translate|summarize|compare|evaluate|describe|list|write|create|provide"
    "|show|tell"
)


def spread(values: str) -> str:
    """SQL: coefficient of variation of whole numbers (population), 0 where their sum is 0."""
    count, total, squares = f"count({values})", f"sum({values})::double", f"sum({values} * {values})::double"
    return f"(case when {total} > 0 then sqrt(greatest({count} * {squares} - {total} ** 2, 0)) / {total} else 0 end)"


VELOCITY = f"""
    with gaps as (
        select *,
            nullif(us - lag(us) over (partition by account_id, hour order by us, exchange_id), 0) // 1000 as gap_ms
        from calls
    ), hours as (
        select account_id, hour, any_value(day) as day, count(*) as n,
            count(*) * 3600.0 / greatest((max(us) - min(us)) // 1000000, 1) as an_hour,
            case when count(gap_ms) >= 3 then 1 - {spread("gap_ms")} else 0 end as regular,
            count(max_tokens) >= 5 and {spread("max_tokens")} < 0.15 as uniform
        from gaps group by account_id, hour
    ), nights as (
        select account_id, day, count(*) filter (hour % 24 < 6) / count(*) as night from calls group by account_id, day
    )
    select account_id, hour, least(1, n / 50) as confidence,
        (case when an_hour > 200 then 0.45 when an_hour > 60 then 0.25 else 0 end
            + case when regular > 0.7 then 0.30 when regular > 0.5 then 0.15 else 0 end
            + case when uniform then 0.15 else 0 end + case when night > 0.5 then 0.10 else 0 end)
            * (0.5 + 0.5 * least(1, n / 50)) as score
    from hours join nights using (account_id, day) where n >= 5"""

_COUNTS = ", ".join(f"count(*) filter (regexp_matches(prompt, '{words}'))" for words in _DOMAINS.values())
ELICITATION = f"""
    with hours as (
        select account_id, hour, count(*) as n, count(*) filter (regexp_matches(prompt, '{_ELICITATION}')) as hits,
            greatest({_COUNTS}) as focus
        from calls group by account_id, hour
    )
    select account_id, hour, 0.9 as confidence,
        case when hits > 0 then 0.40 else 0 end + case when n >= 5 and hits / n >= 0.20 then 0.35 else 0 end
            + case when n >= 5 and focus / n >= 0.70 then 0.25 else 0 end as score
    from hours"""

SAMENESS = f"""
    with shapes as (
        select account_id, hour, characters, left(prompt, 30) as opening,
            hash(characters // 100, split_part(prompt, ' ', 1), regexp_extract(prompt, '{_VERBS}')) as shape
        from calls
    ), kinds as (
        select account_id, hour, count(*) as times from shapes group by account_id, hour, shape
    ), spreads as (
        select account_id, hour, round(-sum(times * ln(times / n)) / (any_value(n) * ln(any_value(n))), 9) as entropy
        from (select *, sum(times) over (partition by account_id, hour) as n from kinds) where n >= 10 group by all
    ), openings as (
        select account_id, hour, max(times) as most
        from (select account_id, hour, count(*) as times from shapes group by account_id, hour, opening) group by all
    ), hours as (
        select account_id, hour, count(*) as n, {spread("characters")} as lengths from shapes group by account_id, hour
    )
    select account_id, hour, least(1, n / 50) as confidence,
        (case when entropy < 0.2 then 0.45 when entropy < 0.4 then 0.20 else 0 end
            + case when lengths < 0.1 then 0.25 when lengths < 0.2 then 0.10 else 0 end
            + case when most / n > 0.6 then 0.30 when most / n > 0.4 then 0.15 else 0 end)
            * (0.3 + 0.7 * least(1, n / 50)) as score
    from hours join spreads using (account_id, hour) join openings using (account_id, hour)"""

_LEAST_BURST, _STRONG_BURST, _RECURRING = 5, 12, 3
_LOOK_BACK_SECONDS = 300


def bursts(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Accounts in seconds that many accounts share, and how regularly such seconds came before."""
    found = connection.sql(f"""
        select us // 1000000 as second, count(distinct account_id) as accounts from calls
        group by all having accounts >= {_LEAST_BURST} order by second""").fetchall()
    seconds = np.array([second for second, _ in found], dtype=np.int64)
    rows = []
    for position, (second, accounts) in enumerate(found):
        earlier = seconds[np.searchsorted(seconds, second - _LOOK_BACK_SECONDS) : position]
        score = min(0.5 * (accounts - _LEAST_BURST) / (_STRONG_BURST - _LEAST_BURST), 0.5) + _cadence(earlier.tolist())
        rows.append({"second": second, "score": min(score, 1.0), "confidence": min(accounts / _STRONG_BURST, 1.0)})
    return pa.Table.from_pylist(
        rows, schema=pa.schema([("second", pa.int64()), ("score", pa.float64()), ("confidence", pa.float64())])
    )


def _cadence(earlier: list[int]) -> float:
    """Points for bursts that recur, more where they recur by the clock."""
    if len(earlier) < _RECURRING:
        return 0.0
    gaps = np.array([later - before for before, later in pairwise(earlier)], dtype=np.float64)
    varies = gaps.std() / gaps.mean() if gaps.mean() > 1 else 1.0
    return 0.30 + (0.20 if varies < 0.15 else 0.10 if varies < 0.35 else 0.0)
