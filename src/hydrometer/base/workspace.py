"""Where a run's stages meet: named tables as Parquet files in one folder, and one DuckDB connection over them.

A stage reads tables by name and writes tables by name; between stages nothing else is handed over, so each stage can be
looked at, repeated and replaced. Files appear under their name only when they are whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.base.pieces import Pieces, write_regrouped
from hydrometer.base.units import EPOCH_US

COPY_OPTIONS = "(format parquet, compression zstd, row_group_size 16384)"
"""How tables are written. Each thread holds a group of rows in memory, and default groups of long prompts are large."""

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
        """Whether the table `name` was written."""
        return self.path(name).exists()

    def read(self, name: str, columns: list[str] | None = None) -> pa.Table:
        """The table `name` in memory."""
        return pq.read_table(self.path(name), columns=columns)

    def write(self, name: str, table: pa.Table) -> None:
        """Write a table whole: it gets its name only when it is complete."""
        unfinished = self.folder / f"{name}.unfinished"
        pq.write_table(table, unfinished, compression="zstd")
        os.replace(unfinished, self.path(name))

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

    def store(self, name: str, sql: str) -> None:
        """Write the result of a SELECT as the table `name`, without holding it in memory."""
        unfinished = self.folder / f"{name}.unfinished"
        quoted = str(unfinished).replace("'", "''")
        self.connection.execute(f"copy ({self.expand(sql)}) to '{quoted}' {COPY_OPTIONS}")
        os.replace(unfinished, self.path(name))

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
        total = pq.read_metadata(self.path(source)).num_rows
        made = worked_in_order(pieces.of(self.path(source)), work, self.threads)
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
        os.replace(unfinished, self.path(name))

    def expand(self, sql: str) -> str:
        """SQL text with each `{name}` replaced by a scan of that table, and `{epoch_us}` by the length of an epoch."""
        sql = sql.replace("{epoch_us}", str(self.epoch_us))
        for file in sorted(self.folder.glob("*.parquet")):
            quoted = str(file).replace("'", "''")
            sql = sql.replace("{" + file.stem + "}", f"read_parquet('{quoted}')")
        return sql

    def close(self) -> None:
        """Close the connection; the files stay."""
        self.connection.close()


def worked_in_order(pieces: Iterable[pa.Table], work: Work, threads: int) -> Iterator[pa.Table]:
    """What the work makes of each piece, in order; each thread holds a piece, and one waits."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: list[Future[pa.Table]] = []
        for piece in pieces:
            waiting.append(pool.submit(work, piece))
            if len(waiting) > threads:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()
