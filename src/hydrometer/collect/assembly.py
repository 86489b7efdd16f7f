"""Puts the checked rows of all files together: rejects told, duplicates dropped, ids that repeat made different.

A row is a duplicate only if id, account and time all agree; the first by time, source and position is kept. The same id
with another account or time is kept as `id#2`, `id#3`, … in that order: clients may choose ids to hide traffic. Only
ids that occur more than once are looked at, so the cost is that of one count. The table `origins` says which
rows of which input went into an exchange, so that a verdict can be followed back to a line of a log. Exchanges of an
earlier run, where the workspace has them, take part: a row of theirs that is met again is a duplicate.
Source: the contract, `exchanges`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from hydrometer.base.in_place import InPlace
from hydrometer.base.tables import INPUTS, schema
from hydrometer.base.workspace import Workspace
from hydrometer.collect.pack_sql import PLACE, identifier

ORIGINS = schema("exchange_id:s! account_id:s! source:s! position:i! pack:s")
"""Which row of which input went into an exchange, and the pack that read it."""
_FATES, _REPEATED, _SEEN = "collect_fates", "collect_repeated", "collect_seen"
EARLIER, EARLIER_IDS = "earlier_fingerprints", "earlier_given_ids"
"""Tables of the workspace that hold the exchanges of an earlier run, and the ids that they were given by."""
_ANOTHER = "_number > 1 and not _duplicate"
"""Condition on a row of `collect_fates`: it is kept under another id."""
_SOURCES = "collect_sources"
_COLUMNS = ", ".join(identifier(name) for name in INPUTS["exchanges"].names)
_ORIGIN = "exchange_id, account_id, source, _position as position, pack"


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of one source."""

    read: int = 0
    rejected: int = 0
    duplicate: int = 0

    def plus(self, other: Counts) -> Counts:
        """Sum of both.

        >>> Counts(2, 1).plus(Counts(3, 0, 1))
        Counts(read=5, rejected=1, duplicate=1)
        """
        return Counts(self.read + other.read, self.rejected + other.rejected, self.duplicate + other.duplicate)


@dataclass(frozen=True, slots=True)
class Origin:
    """A source as `origins` names it: its name, and the pack that read it (None where it could not be read)."""

    name: str
    pack: str | None


@dataclass(frozen=True, slots=True)
class Assembled:
    """What came of all rows.

    Attributes:
        counts: per source number.
        kept: exchanges written.
        suffixed: exchanges that got another id because theirs was taken.
    """

    counts: dict[int, Counts]
    kept: int
    suffixed: int


def assemble(
    rows: Sequence[str],
    fates: Sequence[str],
    origins: Sequence[Origin],
    workspace: Workspace,
    stay: Sequence[Path] = (),
) -> Assembled:
    """Write the table `exchanges` from SELECTs of checked rows, with `origins` and `row_rejects` beside it.

    Args:
        rows: SELECTs as `pack_sql.checked_select` makes them.
        fates: SELECTs as `staging.join_streams` makes them.
        origins: name and pack of each source, by number.
        workspace: where the tables go.
        stay: files that hold just these rows as they would be stored, in their order; unless ids have to change they
            stay where they lie, and are not copied.
    """
    connection = workspace.connection
    every = " union all by name ".join(f"({select})" for select in rows)
    _register_sources(connection, origins)
    try:
        suffixed = _settle(workspace, every)
        _store_ids(workspace, settled=suffixed is not None)
        kept = _kept(every, settled=suffixed is not None)
        select = f"select {_COLUMNS} from ({kept})"
        with _in_order(workspace, joined=suffixed is not None):
            if stay and suffixed is None:
                workspace.rely_on("exchanges", InPlace.of(stay, select))
            else:
                workspace.store("exchanges", select)
            _store_origins(kept, fates, workspace)
        counts = _counts(connection, every, suffixed is not None)
        for select in fates:
            _add(
                counts,
                connection,
                f"select _source, count(*), count(_reason), count_if(_reason is null and _repeated)"
                f" from ({select}) group by _source",
            )
        _store_rejects((*rows, *fates), workspace)
        return Assembled(counts, workspace.rows("exchanges"), suffixed or 0)
    finally:
        connection.unregister(_SOURCES)
        for table in (_FATES, _REPEATED, _SEEN):
            connection.execute(f"drop table if exists {table}")


@contextmanager
def _in_order(workspace: Workspace, *, joined: bool) -> Iterator[None]:
    """Store rows in their order: several threads keep it but where there is a join, and to sort texts costs more."""
    workspace.connection.execute(f"set threads = {1 if joined else workspace.threads}")
    try:
        yield
    finally:
        workspace.connection.execute(f"set threads = {workspace.threads}")


def _register_sources(connection: duckdb.DuckDBPyConnection, origins: Sequence[Origin]) -> None:
    """Let SQL name the sources: number, name, pack."""
    columns = {
        "_source": pa.array(range(len(origins)), pa.int64()),
        "source": pa.array([one.name for one in origins], pa.string()),
        "pack": pa.array([one.pack for one in origins], pa.string()),
    }
    connection.register(_SOURCES, pa.table(columns))


def _kept(every: str, *, settled: bool) -> str:
    """SELECT of the rows that become exchanges, under the ids that they get."""
    if not settled:
        return f"select * from ({every}) where _reason is null"
    return f"""select * replace (coalesce(_new_id, exchange_id) as exchange_id) from ({every})
        left join (select * exclude (exchange_id) from {_FATES}) using ({PLACE})
        where _reason is null and not coalesce(_duplicate, false)"""


def _store_origins(kept: str, fates: Sequence[str], workspace: Workspace) -> None:
    """Write `origins`: a row for each row that is an exchange, and for each that joined one.

    They come in the order of the rows, which a join would not keep where several threads read: sources are looked up.
    """
    workspace.connection.execute(
        f"set variable {_SOURCES} = (select list({{source: source, pack: pack}} order by _source) from {_SOURCES})"
    )
    looked_up = f"select *, unnest(getvariable('{_SOURCES}')[_source + 1])"
    selects = [f"select {_ORIGIN} from ({looked_up} from ({kept}))"]
    selects += [
        f"""(select {_ORIGIN} from (select * from ({select}) where _reason is null and not _repeated)
            join {_SOURCES} using (_source)
            join (select exchange_id, account_id, _key, pack from ({kept}) join {_SOURCES} using (_source))
            using (_key, pack) order by source, position)"""
        for select in fates
    ]
    workspace.store("origins", " union all ".join(selects))


def _store_rejects(rows: Sequence[str], workspace: Workspace) -> None:
    """Write `row_rejects`: the rows with a reason."""
    rejected = " union all by name ".join(
        f"(select _source, _position, _reason, _sha256 from ({select}) where _reason is not null)" for select in rows
    )
    workspace.store(
        "row_rejects",
        f"""select source, _position as position, _reason as reason, _sha256 as sha256
            from ({rejected}) join {_SOURCES} using (_source)""",
    )


def _counts(connection: duckdb.DuckDBPyConnection, every: str, fated: bool) -> dict[int, Counts]:
    counts: dict[int, Counts] = {}
    _add(counts, connection, f"select _source, count(*), count(_reason), 0 from ({every}) group by _source")
    if fated:
        _add(counts, connection, f"select _source, 0, 0, count(*) from {_FATES} where _duplicate group by _source")
    return counts


def _add(counts: dict[int, Counts], connection: duckdb.DuckDBPyConnection, select: str) -> None:
    for source, read, rejected, duplicate in connection.execute(select).fetchall():
        counts[source] = counts.get(source, Counts()).plus(Counts(read, rejected, duplicate))


def _settle(workspace: Workspace, every: str) -> int | None:
    """Decide which rows of repeated ids are duplicates and which get a new id; None where no id repeats."""
    connection = workspace.connection
    arrived = f"(select {PLACE}, exchange_id, account_id, sent_at from ({every}) where _reason is null)"
    sound = arrived
    if workspace.has(EARLIER):
        _find_seen(workspace, arrived)
        sound = f"(from {arrived} union all select {PLACE}, exchange_id, account_id, sent_at from {_SEEN})"
    connection.execute(f"""create or replace temp table {_REPEATED} as
        select exchange_id from {sound} group by exchange_id having count(*) > 1""")
    if connection.execute(f"select count(*) from {_REPEATED}").fetchall()[0][0] == 0:
        return None
    connection.execute(f"""
        create or replace temp table {_FATES} as
        with ranked as (
            select {PLACE}, exchange_id, sent_at, row_number() over same > 1 as _duplicate,
                first_value(_source) over same as s, first_value(_position) over same as p,
                first_value(_item) over same as i
            from {sound} semi join {_REPEATED} using (exchange_id)
            window same as (partition by exchange_id, account_id, sent_at order by {PLACE}))
        select {PLACE}, exchange_id, _duplicate,
            dense_rank() over (partition by exchange_id order by sent_at, s, p, i) as _number, exchange_id as _new_id
        from ranked""")
    taken = connection.execute(f"select count_if({_ANOTHER}) from {_FATES}").fetchall()[0][0]
    if taken:
        _rename(workspace, arrived)
    return int(taken)


def _find_seen(workspace: Workspace, arrived: str) -> None:
    """Rows of earlier exchanges whose ids are met again, or were taken then, as if from a source before all others."""
    workspace.connection.execute(
        workspace.expand(f"""create or replace temp table {_SEEN} as
        select -1 as _source, row_number() over (order by f.exchange_id) as _position, 0 as _item,
            coalesce(given_id, f.exchange_id) as exchange_id, account_id, make_timestamptz(sent_us) as sent_at,
            f.exchange_id as _kept_id
        from {{{EARLIER}}} f left join {{{EARLIER_IDS}}} using (exchange_id)
        where coalesce(given_id, f.exchange_id) in (
            select exchange_id from {arrived} union all select given_id from {{{EARLIER_IDS}}})""")
    )


def _store_ids(workspace: Workspace, *, settled: bool) -> None:
    """Write `given_ids`, and over an earlier run `renamed`."""
    fates = f"select _new_id as exchange_id, exchange_id as given_id from {_FATES} where {_ANOTHER}"
    new = fates if settled else "select null::varchar as exchange_id, null::varchar as given_id where false"
    workspace.store("given_ids", f"from ({new}) order by all")
    if not workspace.has(EARLIER):
        return
    moved = f"""select _kept_id as exchange_id, _new_id as new_id from {_SEEN} join {_FATES} using ({PLACE})
        where _kept_id <> _new_id"""
    none = "select null::varchar as exchange_id, null::varchar as new_id where false"
    workspace.store("renamed", f"from ({moved if settled else none}) order by all")


def _rename(workspace: Workspace, arrived: str) -> None:
    """Suffix the ids that are taken; a suffixed id that exists already gets one more `#` until none does."""
    connection, marks = workspace.connection, "#"
    taken = f"select exchange_id from {arrived}"
    if workspace.has(EARLIER):
        earlier = f"{{{EARLIER}}} f left join {{{EARLIER_IDS}}} using (exchange_id)"
        taken += workspace.expand(f" union all select coalesce(given_id, f.exchange_id) from {earlier}")
    while True:  # ends: ids are finitely long
        connection.execute(f"update {_FATES} set _new_id = exchange_id || '{marks}' || _number where {_ANOTHER}")
        clash = connection.execute(f"""
            select count(*) from {_FATES} where {_ANOTHER} and (_new_id in ({taken})
            or _new_id in (select _new_id from {_FATES} where {_ANOTHER} group by _new_id having count(*) > 1))
            """).fetchall()
        if clash[0][0] == 0:
            return
        marks += "#"
