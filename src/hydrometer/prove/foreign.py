"""Where a campaign's requests come from: places that its thief would send from, seen by one account after the other.

A place is the smallest of address, prefix and client stack from which several accounts send what looks like the
campaign's. It is foreign to an account when *other* accounts send such requests from it and hardly anything else, so
that what an account does itself never decides which places are foreign to it. An address that a carrier's customers
share, an office or a common client is used for everything and is none.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.units import DECISION_DIGITS
from hydrometer.prove.attribution import Shares

ALIKE_NATS = 1.0
"""Log ratio from which a kind of request looks like the campaign's (`attribution.Shares.ratio`)."""
PLACE_LAYERS = ("client_ip", "prefix", "client_stack")
PLACE_ACCOUNTS, PLACE_REQUESTS = 2, 10
"""Other accounts, and requests of theirs, that must look like the campaign's from a place."""
PLACE_SHARE, PLACE_LIFT = 0.1, 3.0
"""Share of all that others send from there which must look so, and how many times the usual share it must be."""
PLACE_USED = 0.5
"""Share of the other accounts seen there that must send such requests from there: nobody else lives there."""
SEEN_MIN = 3
"""Requests from which an account is seen at a place."""
LIMITS: dict[str, object] = {"accounts": PLACE_ACCOUNTS, "requests": PLACE_REQUESTS}
"""Values of the parameters of the texts below."""

LOOKED = "with looked as (select *, cell in (select cell from alike) as alike from in_cells)"
"""Everything that was sent, and whether it looks like the campaign's, within `attribution.held_in_cells`."""
BUSY = "having count(distinct account_id) >= $accounts and count(*) >= $requests"
PLACED = f"""{LOOKED}, busy_address as (
  select client_ip as place from looked where alike and client_ip is not null group by 1 {BUSY}
), busy_prefix as (
  select prefix as place from looked anti join busy_address on client_ip = place
  where alike and prefix is not null group by 1 {BUSY}
), busy_stack as (
  select client_stack as place from looked anti join busy_address on client_ip = place
  anti join busy_prefix on prefix = busy_prefix.place where alike and client_stack is not null group by 1 {BUSY}
), placed as (
  select l.*, coalesce(a.place, b.place, c.place) as place,
         case when a.place is not null then 0 when b.place is not null then 1
              when c.place is not null then 2 end as layer
  from ($source) l left join busy_address a on l.client_ip = a.place
  left join busy_prefix b on a.place is null and l.prefix = b.place
  left join busy_stack c on a.place is null and b.place is null and l.client_stack = c.place
)"""
"""Where each request of a source comes from: the smallest place from which several accounts send what looks like the
campaign's."""
PLACES = f"""{PLACED.replace("$source", "select * from looked")}
select account_id, layer, place, count(*) as n, count(*) filter (alike) as k
from placed where layer is not null group by 1, 2, 3 order by 1, 2, 3
"""
DAYS = f"""{PLACED.replace("$source", "select * from looked semi join away using (account_id)")}, sent as (
  select p.account_id, p.sent_us, p.alike, p.sent_us // 3600000000 as hour, a.account_id is not null as away
  from placed p semi join away using (account_id) left join away a using (account_id, layer, place)
)
select account_id, hour // 24 as day, count(distinct hour) filter (alike and away) as both,
       count(distinct hour) filter (not alike and away) as there,
       count(distinct hour) filter (alike and not away) as alike,
       count(distinct hour) filter (not alike and not away) as neither,
       count(distinct hour) filter (not away) as own_hours, count(*) filter (away) as away, count(*) as exchanges,
       min(sent_us) filter (away) as first_away, min(sent_us) filter (not away) as first_own,
       max(sent_us) filter (not away) as last_own
from sent group by 1, 2 order by 1, 2
"""
SENT = f"""{PLACED.replace("$source", "select * from {fingerprints} semi join away using (account_id)")}
select p.exchange_id, p.account_id from placed p semi join away using (account_id, layer, place) order by 1
"""
KEYS = """
select s.account_id, e.api_key_id as key, count(*) as n from {requests} e join sent s using (exchange_id)
where e.api_key_id is not null group by 1, 2 order by 1, n desc, 2
"""
USUAL = f"{LOOKED} select count(*) as n, count(*) filter (alike) as k from looked anti join members using (account_id)"


def alike_cells(shares: Shares) -> pa.Table:
    """Kinds of request that look like the campaign's."""
    return pa.table({"cell": pa.array(np.flatnonzero(shares.ratio >= ALIKE_NATS), pa.int64())})


def foreign_places(pairs: pa.Table, usual: float) -> pa.Table:
    """Pairs of account and place where, by what all *other* accounts send from it, the place is the campaign's.

    Args:
        pairs: account_id, layer, place, n (requests), k (of which look like the campaign's).
        usual: share of requests of accounts outside the campaign that look so.

    Returns:
        account_id, layer, place of the pairs that hold.
    """
    n, k = (pairs[name].to_numpy().astype(np.int64) for name in ("n", "k"))
    keys = np.stack([pairs["layer"].to_numpy().astype(np.int64), pairs["place"].to_numpy().astype(np.int64)])
    _, number = np.unique(keys, axis=1, return_inverse=True)

    def others(values: NDArray[np.int64]) -> NDArray[np.int64]:
        total = np.bincount(number, weights=values).astype(np.int64)
        return np.asarray(total[number] - values)

    sends, seen = (k > 0).astype(np.int64), (n >= SEEN_MIN).astype(np.int64)
    share = others(k) / np.maximum(others(n), 1)
    holds = (others(sends) >= PLACE_ACCOUNTS) & (others(k) >= PLACE_REQUESTS)
    holds &= np.round(share, DECISION_DIGITS) >= round(max(PLACE_SHARE, PLACE_LIFT * usual), DECISION_DIGITS)
    holds &= others(sends * seen) >= PLACE_USED * others(seen)
    return pairs.select(["account_id", "layer", "place"]).filter(pa.array(holds))
