"""How much more a group's accounts share than equally many others of the run: a description with its null, no test.

For each kind of thing that fingerprints show (a prefix, a client, an opening phrase), the share of accounts that show
one which another account of the set shows too, in random subsets of the group and in as many random sets of equally
many accounts that are in no listed group, with the same mix of client types. A group was formed *because* its accounts
share, so its place beyond the range proves nothing; H1 is tested on families that did not form it. Draws are keyed by
(seed, stage, kind) over accounts in the order of their content, so they depend on neither the order of rows nor names.
Source: `statistics.md` section 0, erratum 10 (why it must not be read as a test).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import csr_array

from hydrometer.base.draws import generator

KINDS = {
    "client_ip": "addresses", "prefix": "address ranges", "client_stack": "clients", "configuration": "configurations",
    "tool_set": "sets of tools", "system_prompt": "system prompts", "opening": "opening phrases",
    "closing": "closing phrases", "skeleton": "forms of prompts",
}  # fmt: skip
"""Columns of fingerprints that hold a thing which accounts can share, in words."""
DRAWS = 99
SET_MAX = 500
"""Largest set: sharing grows with the size of a set, so both sides have the same."""
SET_MIN = 5
POOL_MAX = 2_000
"""Accounts of either side from which sets are drawn."""
ACCOUNTS = """
select f.account_id, coalesce(mode(f.client_type), '?') as kind, bool_or(m.account_id is not null) as mine
from read_parquet($path) f left join members m using (account_id) left join listed l using (account_id)
where m.account_id is not null or l.account_id is null
group by 1
order by count(*), min(f.sent_us), max(f.sent_us), min(f.item), 1
"""
OF_POOL = "select p.place, {columns} from read_parquet($path) f join pool p using (account_id)"
"""What the accounts of the pool show, exchange by exchange; read once for all kinds of thing."""
HOLDINGS = "select distinct place, {column} as thing from held where {column} is not null and {column} <> 0"
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pool:
    """Accounts of both sides: their places in the pool and, by client type, those of the others."""

    accounts: list[str]
    mine: Places
    kinds: NDArray[np.object_]


def coordination(
    fingerprints: Path, members: list[str], listed: list[str], seed: int, connection: duckdb.DuckDBPyConnection
) -> list[dict[str, Any]]:
    """One row per kind of thing: the group's share and the range of the others'.

    Args:
        fingerprints: table of the run's state.
        members: accounts of the group.
        listed: accounts of all listed groups, which are no sample of others.
        seed: of the run.
        connection: engine with its limits set.

    Returns:
        rows with `kind`, `accounts` (size of the sets), `group`, `low`, `median`, `high` (5th to 95th percentile) and
        `draws`; none where either side is too small or the run keeps no such columns.
    """
    names = set(pq.read_schema(fingerprints).names)
    if not {"account_id", "client_type", "sent_us", "item"} <= names:
        return []
    pool = _pool(fingerprints, members, listed, seed, connection)
    size = min(SET_MAX, len(pool.mine), len(pool.accounts) - len(pool.mine))
    if size < SET_MIN:
        return []
    sets = [_sets(pool, size, generator(seed, "dossier coordination", str(draw).encode())) for draw in range(DRAWS)]
    kinds = {column: words for column, words in KINDS.items() if column in names}
    if not kinds:
        return []
    connection.register("pool", pa.table({"account_id": pool.accounts, "place": np.arange(len(pool.accounts))}))
    columns = ", ".join(f"f.{column}" for column in kinds)
    connection.execute(f"create temp table held as {OF_POOL.format(columns=columns)}", {"path": str(fingerprints)})
    found = []
    for column, words in kinds.items():
        held = connection.sql(HOLDINGS.format(column=column)).to_arrow_table()
        found.append({"kind": words, "accounts": size, **_compared(held, sets, len(pool.accounts)), "draws": DRAWS})
    connection.execute("drop table held")
    connection.unregister("pool")
    return [one for one in found if one["group"] is not None]


def _pool(
    fingerprints: Path, members: list[str], listed: list[str], seed: int, connection: duckdb.DuckDBPyConnection
) -> Pool:
    """At most `POOL_MAX` accounts of either side, in the order of their content."""
    connection.register("members", pa.table({"account_id": pa.array(members, pa.string())}))
    connection.register("listed", pa.table({"account_id": pa.array(listed, pa.string())}))
    rows = connection.sql(ACCOUNTS, params={"path": str(fingerprints)}).to_arrow_table()
    connection.unregister("members")
    connection.unregister("listed")
    mine = np.array(rows["mine"].to_pylist(), np.bool_)
    draw = generator(seed, "dossier coordination", b"pool")
    chosen = np.sort(np.concatenate([_some(np.flatnonzero(side), POOL_MAX, draw) for side in (mine, ~mine)]))
    accounts = rows["account_id"].take(pa.array(chosen)).to_pylist()
    kinds = np.array(rows["kind"].take(pa.array(chosen)).to_pylist(), object)
    return Pool(accounts, np.flatnonzero(mine[chosen]), kinds)


def _some(places: Places, most: int, draw: np.random.Generator) -> Places:
    """At most `most` of some places, at random."""
    return places if len(places) <= most else np.sort(draw.choice(places, most, replace=False))


def _sets(pool: Pool, size: int, draw: np.random.Generator) -> tuple[Places, Places]:
    """A random subset of the group, and as many others with its mix of client types as far as there are enough."""
    inside = _some(pool.mine, size, draw)
    free = np.ones(len(pool.accounts), np.bool_)
    free[pool.mine] = False
    kinds = pool.kinds[inside]
    for kind in sorted(set(kinds.tolist())):
        free[_some(np.flatnonzero(free & (pool.kinds == kind)), int((kinds == kind).sum()), draw)] = False
    taken = ~free
    taken[pool.mine] = False
    chosen = np.flatnonzero(taken)
    rest = _some(np.flatnonzero(free), size - len(chosen), draw)
    return inside, np.concatenate([chosen, rest])


def _compared(held: pa.Table, sets: list[tuple[Places, Places]], accounts: int) -> Mapping[str, float | None]:
    """The mean share within the group's subsets, and percentiles over the others' sets."""
    if not len(held):
        return {"group": None, "low": None, "median": None, "high": None}
    places = held["place"].to_numpy()
    number = held["thing"].combine_chunks().dictionary_encode().indices.to_numpy()
    common = np.bincount(number)[number] > 1  # what one account alone holds is shared in no set
    table = holders(places[common], number[common], accounts)
    shares = np.array([[sharing(table, one) for one in pair] for pair in sets])
    low, median, high = (float(np.round(one, 9)) for one in np.percentile(shares[:, 1], (5, 50, 95)))
    return {"group": float(np.round(shares[:, 0].mean(), 9)), "low": low, "median": median, "high": high}


def holders(places: Places, things: Places, accounts: int) -> csr_array:
    """Accounts × things, 1 where the account holds the thing."""
    shape = (accounts, int(things.max(initial=0)) + 1)
    return csr_array((np.ones(len(places), np.int64), (places, things)), shape=shape)


def sharing(table: csr_array, chosen: Places) -> float:
    """Share of the chosen accounts that hold something which another chosen one holds too.

    >>> table = holders(np.array([0, 1, 2, 2]), np.array([0, 0, 1, 2]), 3)
    >>> round(sharing(table, np.array([0, 1, 2])), 3)
    0.667
    """
    part = table[chosen]
    common = (np.bincount(part.indices) > 1)[part.indices] if part.nnz else np.zeros(0, np.bool_)
    holder = np.repeat(np.arange(len(chosen)), np.diff(part.indptr))
    return float((np.bincount(holder[common], minlength=1) > 0).sum()) / max(len(chosen), 1)
