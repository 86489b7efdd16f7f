"""Where a run's stages meet: named tables as Parquet files in one folder, and one DuckDB connection over them.

A stage reads tables by name and writes tables by name; between stages nothing else is handed over, so each stage can be
looked at, repeated and replaced. Files appear under their name only when they are whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.base.errors import HydrometerError
from hydrometer.base.in_place import ENDING, InPlace, filled_columns, noted, rows_of
from hydrometer.base.pieces import Pieces, write_regrouped
from hydrometer.base.units import EPOCH_US
from hydrometer.base.whole_file import write_whole

COPY_OPTIONS = "(format parquet, compression zstd, row_group_size 16384)"
"""How tables are written. Each thread holds a group of rows in memory, and default groups of long prompts are large."""

NARROWABLE = {"traffic": "fingerprints", "requests": "exchanges"}
"""Names in SQL that stand for a whole table until they are narrowed to the part that several questions are about."""
Piece = TypeVar("Piece")
Work = Callable[[pa.Table], pa.Table]
"""What is done to each piece of a table by itself: rows → as many rows, no other piece known."""
Told = Callable[[int, int | None], None]
"""Told of rows done, and of rows in all."""


class Workspace:
    """A folder of Parquet tables and a connection to ask them.

    Args:
        folder: where the tables lie; made if missing.
        threads: number of threads of the engine.
        memory: memory limit of the engine, e.g. `"4GB"`; None leaves the engine's default.
        epoch_us: length of an epoch of event time in microseconds; `{epoch_us}` in SQL text stands for it.
        spill: name of the folder within, for what does not fit into memory; two connections have two.
    """

    relies_on_files = True
    """Whether a table may stay where it lies (`rely_on`)."""

    def __init__(
        self,
        folder: Path,
        threads: int = 2,
        memory: str | None = None,
        epoch_us: int = EPOCH_US,
        spill: str = "spill",
    ) -> None:
        self.folder = folder
        self.threads = threads
        self.memory = memory
        self.epoch_us = epoch_us
        self._narrowed: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True)
        self.connection = duckdb.connect()
        self.connection.execute(f"set threads = {int(threads)}")
        self.connection.execute("set timezone = 'UTC'")
        self.connection.execute("set enable_progress_bar = false")
        self.connection.execute("set temp_directory = ?", [str(folder / spill)])
        if memory is not None:
            self.connection.execute("set memory_limit = ?", [memory])

    @property
    def engine(self) -> dict[str, object]:
        """What the manifest says of the engine."""
        return {"name": "duckdb", "threads": self.threads}

    def path(self, name: str) -> Path:
        """Path of the table `name`."""
        return self.folder / f"{name}.parquet"

    def has(self, name: str) -> bool:
        """Whether the table `name` was written, or is relied on."""
        return self.path(name).exists() or self._note(name).exists()

    def rely_on(self, name: str, table: InPlace) -> None:
        """Let the table `name` stay where it lies; whoever uses the workspace asks at last whether it is unchanged."""
        write_whole(self._note(name), table.dumped())

    def relied_on(self) -> list[InPlace]:
        """All tables that lie somewhere else."""
        return [noted(path) for path in sorted(self.folder.glob(f"*{ENDING}"))]

    @contextmanager
    def relying(self) -> Iterator[None]:
        """Use tables that lie somewhere else; that they are unchanged is asked at the end, and where anything failed.

        Raises:
            InputError: a file that was relied on is not what it was.
        """
        try:
            yield
        except HydrometerError:
            raise
        except Exception:
            for table in self.relied_on():
                table.refuse_changed()
            raise
        for table in self.relied_on():
            table.refuse_changed()

    def files(self, name: str) -> list[Path]:
        """Files of the table `name`, in the order of its rows."""
        return list(noted(self._note(name)).files) if self._note(name).exists() else [self.path(name)]

    def _note(self, name: str) -> Path:
        return self.folder / f"{name}{ENDING}"

    def rename(self, name: str, other: str) -> None:
        """Give the table `name` another name."""
        place = ENDING if self._note(name).exists() else ".parquet"
        os.replace(self.folder / f"{name}{place}", self.folder / f"{other}{place}")

    def rows(self, name: str) -> int:
        """Rows of the table `name`."""
        return rows_of(self.files(name))

    def absent(self, name: str, columns: Iterable[str]) -> tuple[str, ...]:
        """Those of some columns of the table `name` that are wholly null, in their order."""
        wanted = list(columns)
        certain, possible = filled_columns(self.files(name))
        asked = [column for column in wanted if column in possible]
        if asked:
            counts = ", ".join(f'count("{column}") as "{column}"' for column in asked)
            row = self.query(f"select {counts} from {{{name}}}").to_pylist()[0]
            certain |= {column for column in asked if row[column]}
        return tuple(column for column in wanted if column not in certain)

    def read(self, name: str, columns: list[str] | None = None) -> pa.Table:
        """The table `name` in memory."""
        if self._note(name).exists():
            return self.query(f"select {', '.join(columns or ['*'])} from {{{name}}}")
        return pq.read_table(self.path(name), columns=columns)

    def write(self, name: str, table: pa.Table) -> None:
        """Write a table whole: it gets its name only when it is complete."""
        unfinished = self.folder / f"{name}.unfinished"
        pq.write_table(table, unfinished, compression="zstd")
        self._complete(name, unfinished)

    def query(self, sql: str, values: dict[str, object] | None = None, **tables: pa.Table) -> pa.Table:
        """Result of a SELECT.

        Args:
            sql: text in which `{name}` stands for the stored table of that name.
            values: values of the parameters `$name`.
            tables: tables in memory that the text may name.
        """
        for name, table in tables.items():
            self.connection.register(name, table)
        try:
            found: pa.Table = self.connection.sql(self.expand(sql), params=values or None).to_arrow_table()
        finally:
            for name in tables:
                self.connection.unregister(name)
        return found

    @contextmanager
    def held(self, name: str, sql: str, values: dict[str, object] | None = None, **tables: pa.Table) -> Iterator[None]:
        """The result of a SELECT under a plain name, for several statements; it spills to disk where it has to.

        Args:
            name: of the table in SQL, without braces.
            sql: text as for `query`.
            values: values of the parameters `$name`.
            tables: tables in memory that the text may name.
        """
        for given, table in tables.items():
            self.connection.register(given, table)
        try:
            self.connection.execute(f"create or replace temp table {name} as {self.expand(sql)}", values or {})
            yield
        finally:
            self.connection.execute(f"drop table if exists {name}")
            for given in tables:
                self.connection.unregister(given)

    @contextmanager
    def narrowed(
        self, name: str, sql: str, values: dict[str, object] | None = None, **tables: pa.Table
    ) -> Iterator[None]:
        """Let a name of `NARROWABLE` stand for some rows and columns of its table; else it stands for the whole.

        Args:
            name: what is narrowed.
            sql: which rows and columns; text as for `query`.
            values: values of the parameters `$name`.
            tables: tables in memory that the text may name.
        """
        with self.held(name, sql, values, **tables):
            self._narrowed.add(name)
            try:
                yield
            finally:
                self._narrowed.remove(name)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Let every name of `NARROWABLE` stand for its whole table again, for a question about others."""
        narrowed, self._narrowed = self._narrowed, set()
        try:
            yield
        finally:
            self._narrowed = narrowed

    def store(self, name: str, sql: str) -> None:
        """Write the result of a SELECT as the table `name`, without holding it in memory."""
        unfinished = self.folder / f"{name}.unfinished"
        quoted = str(unfinished).replace("'", "''")
        self.connection.execute(f"copy ({self.expand(sql)}) to '{quoted}' {COPY_OPTIONS}")
        self._complete(name, unfinished)

    def derive(self, name: str, sql: str) -> None:
        """`store` for a SELECT over stored tables alone, in SQL that every engine has."""
        self.store(name, sql)

    def map(self, name: str, source: str, pieces: Pieces, work: Work, schema: pa.Schema, told: Told) -> None:
        """Write the table `name`: the stored table `source`, each piece worked on by itself, in the same order.

        Args:
            name: table to write.
            source: stored table to read.
            pieces: how it is read.
            work: from a piece to as many rows of `schema`.
            schema: schema of the table.
            told: told of the progress.
        """
        total = self.rows(source)
        every = (piece for file in self.files(source) for piece in pieces.of(file))
        made = worked_in_order(every, work, self.threads)
        self.write_rows(name, made, schema, pieces.rows, lambda done: told(done, total))

    def write_rows(
        self, name: str, tables: Iterable[pa.Table], schema: pa.Schema, rows: int, told: Callable[[int], None]
    ) -> None:
        """Write tables that come one by one as the table `name`; how they were cut leaves no trace in the file.

        Args:
            name: table to write.
            tables: its rows in order.
            schema: its schema.
            rows: rows of a row group.
            told: told of the rows written so far.
        """
        unfinished = self.folder / f"{name}.unfinished"
        write_regrouped(unfinished, tables, schema, rows, told)
        self._complete(name, unfinished)

    def _complete(self, name: str, unfinished: Path) -> None:
        """Give a file that is whole its name; a table that was relied on elsewhere is here now."""
        os.replace(unfinished, self.path(name))
        self._note(name).unlink(missing_ok=True)

    def expand(self, sql: str) -> str:
        """SQL text with each `{name}` replaced by a scan of that table, and `{epoch_us}` by the length of an epoch.

        A name of `NARROWABLE` is its table, or what it is narrowed to.
        """
        sql = sql.replace("{epoch_us}", str(self.epoch_us))
        for name, whole in NARROWABLE.items():
            sql = sql.replace("{" + name + "}", name if name in self._narrowed else "{" + whole + "}")
        for file in sorted(self.folder.glob("*.parquet")):
            quoted = str(file).replace("'", "''")
            sql = sql.replace("{" + file.stem + "}", f"read_parquet('{quoted}')")
        for note in sorted(self.folder.glob(f"*{ENDING}")):
            if (name := "{" + note.stem + "}") in sql:
                sql = sql.replace(name, f"({noted(note).select})")
        return sql

    def close(self) -> None:
        """Close the connection; the files stay."""
        self.connection.close()


def worked_in_order(pieces: Iterable[Piece], work: Callable[[Piece], pa.Table], threads: int) -> Iterator[pa.Table]:
    """What the work makes of each piece, in order; each thread holds a piece, and one waits."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: list[Future[pa.Table]] = []
        for piece in pieces:
            waiting.append(pool.submit(work, piece))
            if len(waiting) > threads:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()
