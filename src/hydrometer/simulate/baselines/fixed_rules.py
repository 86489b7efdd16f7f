"""Fixed rules with fixed weights, in the manner of the one open detector that claims this field.

Its signals, weights and thresholds are facts read from the repository m0rs3c0d3/Glasswally (MIT) at commit 300eedc
(2026-03-12), files `engine/fusion.rs` and `workers/*.rs`; the code here is our own. Sixteen signals give a score and a
confidence; score · (0.4 + 0.6 · confidence) · weight is summed, raised by 30 % in a restricted country and by 0.08 in a
cluster of five; 0.35 rate-limits, 0.55 is reviewed, 0.72 suspends. The repository publishes no measured accuracy.

What differs: the original judges at every request over the trailing hour and day, here it is each account's clock hours
with their day; an account's score is its highest. Cards, organisations and /24s form clusters; shared TLS fingerprints
do so in the original and are left out, since one popular client would put everybody into one cluster. Wording lists are
regular expressions of our own for the same intents.

Weights that nothing here can earn, 0.29 of 1: HTTP/2 settings (0.06; not in any log), hosting providers by name (0.07;
a log has numbers of systems), probes for hidden characters (0.04) and for refusals (0.02; no world holds them), topic
chains (0.02), and the match with fixed archetypes (0.08): at its published bar of cosine 0.60 a bag of ten words cannot
reach a prompt of more than some thirty. The client signal (0.14) lacks the lists of known hashes and header names and
takes a script from the user agent.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from hydrometer.simulate.baseline import Baseline, Scored
from hydrometer.simulate.baselines import _rule_accounts, _rule_days, _rule_hours
from hydrometer.simulate.baselines._traffic import DAY, HOUR, account_ids, aligned, opened

HOUR_WEIGHTS = {"velocity": 0.10, "elicitation": 0.09, "sameness": 0.05, "bursts": 0.07}
DAY_WEIGHTS = {"preambles": 0.06, "sessions": 0.04, "limits": 0.03, "switches": 0.05}
ACCOUNT_WEIGHTS = {"clients": 0.14, "hydra": 0.08}
"""Published weights of the signals that a log can feed."""
RATE_LIMIT = 0.35
RESTRICTED_UPLIFT, CLUSTER_FLOOR, CLUSTER_SIZE = 1.30, 0.08, 5
READ_CHARACTERS = 2_000


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Tables `calls` and `clusters`, and one table for each signal."""
    plain = "nullif(trim(regexp_replace(lower(left(prompt, 512)), '[^a-z0-9]+', ' ', 'g')), '')"
    connection.execute(f"""
        create temp table calls as
        select account_id, exchange_id, epoch_us(sent_at) as us, {HOUR} as hour, {DAY} as day, client_ip, ja4,
            header_shape, lower(user_agent) as user_agent, country, request_model as model, max_tokens,
            lower(left(coalesce(prompt, ''), {READ_CHARACTERS})) as prompt, length(coalesce(prompt, '')) as characters,
            case when system_instructions <> '' then hash(system_instructions) end as system_hash,
            case when system_hash is null and characters >= 80 and {plain} is not null then hash({plain})
                end as prompt_hash
        from exchanges""")
    connection.register("clustered", _rule_accounts.clusters(connection))
    connection.execute("create temp table clusters as select * from clustered")
    connection.register("burst_seconds", _rule_hours.bursts(connection))
    connection.register("limit_days", _rule_days.limits(connection))
    signals = {
        "velocity": _rule_hours.VELOCITY,
        "elicitation": _rule_hours.ELICITATION,
        "sameness": _rule_hours.SAMENESS,
        "bursts": """
            select account_id, hour, score, confidence from calls join burst_seconds on us // 1000000 = second""",
        "preambles": _rule_days.PREAMBLES,
        "sessions": _rule_days.SESSIONS,
        "limits": "select * from limit_days",
        "switches": _rule_days.SWITCHES,
        "clients": _rule_accounts.CLIENTS,
        "hydra": _rule_accounts.CLUSTERS,
    }
    for name, statement in signals.items():
        connection.execute(f"create temp table {name} as {statement}")


def _points(weights: dict[str, float], keys: str) -> str:
    """SQL: weighted points of some signals, summed for each of `keys`."""
    parts = " union all ".join(
        f"select {keys}, max(score * (0.4 + 0.6 * confidence))::double * {weight} as points from {name} group by {keys}"
        for name, weight in weights.items()
    )
    return f"select {keys}, round(sum(points), 9) as points from ({parts}) group by {keys}"


def run(traffic: Path, seed: int) -> Scored:
    """Scores of all accounts, 0 to 1; nothing is drawn, so the seed has no effect."""
    del seed
    connection = opened(traffic)
    _prepare(connection)
    rows = connection.execute(f"""
        with hour_points as ({_points(HOUR_WEIGHTS, "account_id, hour")}),
        day_points as ({_points(DAY_WEIGHTS, "account_id, day")}),
        account_points as ({_points(ACCOUNT_WEIGHTS, "account_id")}),
        places as (
            select account_id, hour, any_value(day) as day, max(country in ({_rule_accounts.LISTED})) as restricted
            from calls group by account_id, hour
        ), sizes as (
            select account_id, count(*) over (partition by cluster) as n from clusters
        )
        select account_id, max(least(1, least(1, (coalesce(hour_points.points, 0) + coalesce(day_points.points, 0)
            + coalesce(account_points.points, 0)) * case when restricted then {RESTRICTED_UPLIFT} else 1 end)
            + case when sizes.n >= {CLUSTER_SIZE} then {CLUSTER_FLOOR} else 0 end))
        from places left join hour_points using (account_id, hour) left join day_points using (account_id, day)
            left join account_points using (account_id) left join sizes using (account_id)
        group by account_id""").fetchall()
    return aligned(account_ids(connection), dict(rows))


BASELINE = Baseline(
    name="fixed_rules",
    summary="fixed rules with fixed weights, after the one open detector of this field",
    source="m0rs3c0d3/Glasswally at 300eedc (MIT), facts only",
    unit="account",
    published=RATE_LIMIT,
    run=run,
)
