"""Fixed rules that look at an account over the whole log: its client, and the cluster that it hangs in.

Each yields account_id, score and confidence, both 0 to 1. Thresholds and points are the published ones.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from hydrometer.simulate.baselines._components import components
from hydrometer.simulate.baselines._traffic import numbers

RESTRICTED = ("CN",)
"""Countries of the published uplift."""
LISTED = ", ".join(f"'{country}'" for country in RESTRICTED)

CLIENTS = f"""
    with mine as (
        select account_id, count(*) as n, count(distinct ja4) as clients, max(country in ({LISTED})) as restricted,
            max(regexp_matches(user_agent, 'python|curl|node|java|go-http|okhttp')) as script
        from calls group by account_id
    ), tls as (
        select account_id, max(accounts) as accounts from (select distinct account_id, ja4 from calls)
        join (select ja4, count(distinct account_id) as accounts from calls group by ja4) using (ja4)
        group by account_id
    ), headers as (
        select account_id, max(accounts) as accounts from (select distinct account_id, header_shape from calls)
        join (select header_shape, count(distinct account_id) as accounts from calls group by header_shape)
            using (header_shape) group by account_id
    )
    select account_id, least(1, n / 20) as confidence,
        least(1, (case when script then 0.15 else 0 end + case when clients >= 3 then 0.20 else 0 end
            + case when tls.accounts >= 10 then 0.15 else 0 end + case when headers.accounts >= 10 then 0.20 else 0 end)
            * case when restricted then 1.2 else 1 end) * (0.4 + 0.6 * least(1, n / 20)) as score
    from mine left join tls using (account_id) left join headers using (account_id)"""


def clusters(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Cluster of each account that shares a card, an organisation or a /24 with at least two others."""
    table = connection.sql("""
        with senders as (
            select account_id, row_number() over (order by account_id) - 1 as account
            from (select distinct account_id from calls)
        ), touched(account_id, kind, entity) as (
            select account_id, 'card', payment_fingerprint from accounts
            union all select account_id, 'organization', organization_id from accounts
            union all select distinct account_id, 'subnet', regexp_extract(client_ip, '^\\d+\\.\\d+\\.\\d+\\.')
                from calls
        )
        select account, account_id, dense_rank() over (order by kind, entity) - 1 as entity
        from touched join senders using (account_id) where entity is not null and entity <> ''
        order by account, entity""").to_arrow_table()
    account, entity = numbers(table, "account"), numbers(table, "entity")
    size = int(account.max()) + 1 if len(account) else 0
    nodes = size + (int(entity.max()) + 1 if len(entity) else 0)
    labels = components(account, size + entity, nodes)[account]
    members = np.bincount(np.unique(np.stack([labels, account]), axis=1)[0], minlength=1)
    kept = pa.table({"account_id": table["account_id"], "cluster": labels}).filter(pa.array(members[labels] >= 3))
    return kept.group_by("account_id").aggregate([("cluster", "min")]).rename_columns(["account_id", "cluster"])


CLUSTERS = f"""
    with sums as (
        select cluster, count(distinct account_id) as n, count(*) as requests,
            count(distinct regexp_extract(client_ip, '^\\d+\\.\\d+\\.\\d+\\.')) as subnets,
            max(country in ({LISTED})) as restricted
        from calls join clusters using (account_id) group by cluster
    ), paid as (
        select cluster, account_id, payment_fingerprint as card, payment_issuer as issuer
        from clusters join accounts using (account_id) where payment_fingerprint is not null
    ), cards as (
        select cluster, count(distinct card) as cards from paid group by cluster
    ), shared as (
        select cluster, max(n) as most from (select cluster, count(*) as n from paid group by cluster, card)
        group by cluster
    ), issuers as (
        select cluster, max(n) as most
        from (select cluster, count(distinct card) as n from paid where issuer is not null group by cluster, issuer)
        group by cluster
    ), judged as (
        select cluster, least(1, requests / 100) as confidence,
            least(1, least(n / 25, 1) * 0.40 + least(0.07 * coalesce(cards, 0), 0.35) + least(0.03 * subnets, 0.15)
                + case when restricted then 0.10 else 0 end
                + case when issuers.most >= 3 and issuers.most / cards >= 0.40 then 0.20 else 0 end
                + case when shared.most >= 4 then 0.15 else 0 end
                + case when issuers.most >= 4 then 0.12 else 0 end) as score
        from sums left join cards using (cluster) left join shared using (cluster) left join issuers using (cluster)
    )
    select account_id, score, confidence from clusters join judged using (cluster)"""
