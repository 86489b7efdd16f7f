"""Wallets of one bridge and whom they deal with → populations, in two views of which side tests what.

Families: in-counterparties, out-counterparties, asset mix, day of first use. What forms a group never tests it:

* view `directions`: in-counterparties and days | out-counterparties and the mix of what is sent. A transfer between two
  wallets of the table is one event seen from both ends. It stays on the first side, where the sender counts as a holder
  of itself; and a counterparty that deals both ways stays on the side where more wallets meet it.
* view `clock`: all counterparties and the whole mix | days of first use.

Either with all transfers or with those alone that leave the table: the labels come from reviewers who followed
transfers, above all those between wallets, so that whatever stands on these repeats the reviewers in part.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from bench.outside.entities import Holdings, Strata, population
from bench.outside.figures import Labels
from numpy.typing import NDArray

from hydrometer.base.population import Population

FILES = ("dev_coord_wallet_accounts.parquet", "dev_coord_wallet_links.parquet")
VIEWS = ("directions", "clock")
REACHES = ("all transfers", "transfers that leave the table")
FLAGGED = "sybil"
VOLUME_BINS = 4
"""Strata by volume: quarters of the wallets."""
ACCOUNTS = f"""
select label, group_id is not null as grouped, coalesce(group_id, 'alone ' || account_id) as hand,
       strftime(acted_at, '%Y-%m') as month, strftime(acted_at, '%G-%V') as week, strftime(acted_at, '%Y-%m-%d') as day,
       strftime(acted_at, '%Y-%m-%d %H') as hour,
       ntile({VOLUME_BINS}) over (order by volume_usd, account_id)::varchar as volume
from wallets order by n
"""
RECEIVED = """
select n, entity from links where direction = 'received' and (other is null or $inside)
union select other, entity from links where direction = 'received' and other is not null and $inside
"""
"""From whom a wallet received; a wallet that others here received from holds itself."""
SENT = "select distinct n, entity from links where direction = 'sent' and (other is null or $inside)"
MIX = """
select n, string_agg(distinct direction || ' ' || asset, ', ' order by direction || ' ' || asset) as entity
from links where (other is null or $inside) and ($both or direction = 'sent') group by n
"""
MAIN = """
with k as (
  select n, split_part(asset, ':', 2) as network, count(*) as k from links
  where direction = $direction and (other is null or $inside) group by all
)
select n, arg_max(network, (k, network)) as entity from k group by n
"""
MOSTLY_SENT = """
select entity from links group by entity
having count(distinct n) filter (direction = 'sent') > count(distinct n) filter (direction = 'received')
"""


@dataclass(frozen=True, slots=True)
class Wallets:
    """The wallets of the table, in the order of their names.

    Attributes:
        connection: holds the tables `wallets` and `links`.
        labels: what the reviewers found; flagged wallets in no group are of an unknown hand.
        month: shape (wallets,), month of first use.
        week: its week.
        day: its day.
        hour: its hour.
        volume: shape (wallets,), bin of the volume.
    """

    connection: duckdb.DuckDBPyConnection
    labels: Labels
    month: NDArray[np.str_]
    week: NDArray[np.str_]
    day: NDArray[np.str_]
    hour: NDArray[np.str_]
    volume: NDArray[np.str_]


def read(data: Path) -> Wallets:
    """The wallets and their links."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    accounts, links = (str(data / name) for name in FILES)
    connection.execute(
        "create table wallets as select *, row_number() over (order by account_id) - 1 as n from read_parquet(?)",
        [accounts],
    )
    connection.execute(
        """create table links as select w.n, l.entity, l.direction, l.asset, o.n as other from read_parquet(?) l
        join wallets w using (account_id) left join wallets o on l.entity = o.account_id""",
        [links],
    )
    columns = {name: np.asarray(values).astype(str) for name, values in connection.sql(ACCOUNTS).fetchnumpy().items()}
    flagged, grouped = columns.pop("label") == FLAGGED, columns.pop("grouped") == str(True)
    hand = np.unique(columns.pop("hand"), return_inverse=True)[1].astype(np.int64)
    return Wallets(connection, Labels(flagged, flagged & grouped, hand), **columns)


def view(wallets: Wallets, name: str, reach: str) -> Population:
    """The population of one view over one reach of transfers."""
    inside, every = reach == REACHES[0], len(wallets.labels.flagged)
    received, sent = _held(wallets, RECEIVED, inside=inside), _held(wallets, SENT, inside=False)
    from_whom = towards = _main(wallets, "received", inside)
    holdings: Holdings
    if name == "directions":
        mostly_sent = {row[0] for row in wallets.connection.execute(MOSTLY_SENT).fetchall()}
        holdings = {
            "payment_fingerprint": _part(received, mostly_sent, inside=False),
            "tool_set": _part(sent, mostly_sent, inside=True),
            "configuration": _held(wallets, MIX, inside=False, both=False),
        }
        towards = _main(wallets, "sent", False)
    else:
        holdings = {
            "tool_set": received,
            "client_stack": _held(wallets, SENT, inside=inside),
            "configuration": _held(wallets, MIX, inside=inside, both=True),
        }
    days = (np.arange(every), wallets.day.tolist())
    cohorts = [wallets.month.tolist(), wallets.week.tolist()]
    strata = Strata([from_whom, _finer(from_whom, wallets)], [towards, _finer(towards, wallets)], cohorts)
    return population(every, {**holdings, "signup_day": days}, strata)


def links(wallets: Wallets, reach: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(wallet, counterparty) of every dealing, whatever its direction, both numbered from 0."""
    inside = reach == REACHES[0]
    received, sent = _held(wallets, RECEIVED, inside=inside), _held(wallets, SENT, inside=inside)
    _, number = np.unique(np.array(received[1] + sent[1]), return_inverse=True)
    pairs = np.unique(np.stack([np.concatenate([received[0], sent[0]]), number.astype(np.int64)]), axis=1)
    return pairs[0], pairs[1]


def between(wallets: Wallets) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of wallets of the table between which something was transferred."""
    found = wallets.connection.sql("select distinct n, other from links where other is not null order by 1, 2")
    columns = found.fetchnumpy()
    return np.asarray(columns["n"]).astype(np.int64), np.asarray(columns["other"]).astype(np.int64)


def _held(wallets: Wallets, query: str, **values: bool) -> tuple[NDArray[np.int64], list[str]]:
    used = {name: value for name, value in values.items() if f"${name}" in query}
    rows = wallets.connection.execute(f"select * from ({query}) order by 1, 2", used).fetchnumpy()
    return np.asarray(rows["n"]).astype(np.int64), np.asarray(rows["entity"]).astype(str).tolist()


def _part(
    held: tuple[NDArray[np.int64], list[str]], names: set[str], *, inside: bool
) -> tuple[NDArray[np.int64], list[str]]:
    """Holdings of the entities in `names`, or of those that are not."""
    kept = np.array([(entity in names) == inside for entity in held[1]], np.bool_)
    return held[0][kept], [entity for entity, keep in zip(held[1], kept.tolist(), strict=True) if keep]


def _main(wallets: Wallets, direction: str, inside: bool) -> list[str]:
    """The network on which each wallet deals most in one direction."""
    rows = wallets.connection.execute(MAIN, {"direction": direction, "inside": inside}).fetchall()
    known = dict(rows)
    return [known.get(number, "none") for number in range(len(wallets.labels.flagged))]


def _finer(names: list[str], wallets: Wallets) -> list[str]:
    return [f"{name} {volume}" for name, volume in zip(names, wallets.volume.tolist(), strict=True)]
