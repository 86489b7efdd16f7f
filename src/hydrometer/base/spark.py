"""Apache Spark as the engine of a workspace: the pass over text and SELECTs run on its executors, the rest stays here.

The executors read `exchanges` themselves, row groups at a time, and run the same function over the same pieces
(`mapInArrow`); SELECTs are written once, in DuckDB's dialect, and put into Spark's. Both leave part files beside the
tables, on storage that every machine of the cluster sees under the same path. They become one table here, in their
order and with the types that DuckDB gives the same SELECT, so that whoever reads it cannot tell which engine ran.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

import hydrometer
from hydrometer.base.errors import RunError, UsageError
from hydrometer.base.logs import places
from hydrometer.base.pieces import Pieces, shares
from hydrometer.base.units import EPOCH_US
from hydrometer.base.workspace import Told, Work, Workspace

EXTRA = ("pyspark", "pandas", "sqlglot")
"""Modules of the extra `spark`."""
OPTIONS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.ui.showConsoleProgress": "false",
}
"""What the results need; everything else is the cluster's own, from its `spark-defaults.conf`."""
SHARES_PER_CORE = 4
SHARE_ROWS = 262_144
"""Rows of a task at most, about: what is lost with an executor is done again."""
ANSWER_SECONDS = 10.0
TABLE = re.compile(r"\{(\w+)\}")
PART = re.compile(r"part-(\d+)-")
OURS = re.compile(r"ExecutorError: (.*)")


class ExecutorError(Exception):
    """What went wrong on an executor, in words of ours alone: Spark writes it into its own logs."""


class SparkWorkspace(Workspace):
    """A workspace whose SELECTs and maps run on Spark, in a session that ends with it unless it was there before.

    Args:
        folder: where the tables lie; every machine of the cluster must see it under this path.
        master: where the cluster is, such as `spark://host:7077` or `local[2]`.
        threads: number of threads of the embedded engine, which works on what is small.
        memory: its memory limit.
        epoch_us: length of an epoch in microseconds.

    Raises:
        UsageError: the extra `spark` or Java is not installed, or nobody answers at `master`.
    """

    relies_on_files = False  # a log need not lie on storage that the cluster sees

    def __init__(
        self, folder: Path, master: str, threads: int = 2, memory: str | None = None, epoch_us: int = EPOCH_US
    ) -> None:
        refuse_unusable(master)
        self.session, self._ours = started(master)
        super().__init__(folder.resolve(), threads, memory, epoch_us)

    @property
    def engine(self) -> dict[str, object]:
        return {"name": "spark", "threads": self.threads}

    def derive(self, name: str, sql: str) -> None:
        for table in set(TABLE.findall(sql)) - {"epoch_us"}:
            self.session.read.parquet(f"file://{self.path(table)}").createOrReplaceTempView(table)
        with cluster_told_plainly():
            files = self._parts(name, self.session.sql(transpiled(TABLE.sub(self._named, sql))))
        kinds = self.connection.sql(self.expand(sql))
        columns = zip(kinds.columns, kinds.types, strict=True)
        typed = ", ".join(f'"{column}"::{kind} as "{column}"' for column, kind in columns)
        listed = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
        self.store(name, f"select {typed} from read_parquet([{listed}])")
        shutil.rmtree(files[0].parent)

    def map(self, name: str, source: str, pieces: Pieces, work: Work, schema: pa.Schema, told: Told) -> None:
        from pyspark.sql.pandas.types import from_arrow_schema

        path, metadata = self.path(source), pq.read_metadata(self.path(source))
        tasks = max(1, SHARES_PER_CORE * self.session.sparkContext.defaultParallelism)
        runs = shares(metadata, min(SHARE_ROWS, -(-metadata.num_rows // tasks)))
        work_there = partial(worked, path=path, pieces=pieces, runs=runs, work=work, version=hydrometer.__version__)
        numbers = self.session.range(0, len(runs), 1, len(runs))
        with cluster_told_plainly():
            files = self._parts(name, numbers.mapInArrow(work_there, from_arrow_schema(schema)))
        made = read_parts(files, schema)
        self.write_rows(name, made, schema, pieces.rows, lambda done: told(done, metadata.num_rows))
        shutil.rmtree(files[0].parent)

    def _named(self, found: re.Match[str]) -> str:
        return str(self.epoch_us) if found[1] == "epoch_us" else found[1]

    def _parts(self, name: str, frame: Any) -> list[Path]:
        """Files that Spark writes for a frame, in the order of its partitions."""
        folder = self.folder / f"{name}.parts"
        frame.write.mode("overwrite").parquet(f"file://{folder}")
        return sorted(folder.glob("part-*.parquet"), key=lambda file: int(PART.match(file.name)[1]))  # type: ignore[index]

    def close(self) -> None:
        super().close()
        if self._ours:
            self.session.stop()


def refuse_unusable(master: str) -> None:
    """Raise UsageError where Spark cannot be used here, before anything is started.

    Args:
        master: where the cluster shall be.
    """
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise UsageError(
            "--engine spark",
            f"{', '.join(missing)} not installed",
            "the extra `spark`",
            "pip install 'hydrometer[spark]', here and on every worker",
        )
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=f"{home}/bin" if home else None) is None:
        raise UsageError(
            "--engine spark", "no Java", "Java 17 or newer in JAVA_HOME or on the PATH", "install a Java runtime"
        )
    place = urlsplit(master)
    if place.scheme == "spark":
        try:
            socket.create_connection((place.hostname or "", place.port or 0), ANSWER_SECONDS).close()
        except OSError as problem:
            raise UsageError(
                "--master", f"nobody answers at {master!r}", "the address of a running Spark master", "start one there"
            ) from problem


def started(master: str) -> tuple[Any, bool]:
    """A Spark session on a cluster, and whether it was started just now: a process has one at a time.

    Its workers use this interpreter unless `PYSPARK_PYTHON` names another.
    """
    from pyspark.sql import SparkSession

    ours = SparkSession.getActiveSession() is None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("hydrometer").master(master)
    for name, value in OPTIONS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("FATAL")
    return session, ours


def transpiled(sql: str) -> str:
    """A SELECT of DuckDB's dialect in Spark's."""
    import sqlglot

    return str(sqlglot.transpile(sql, read="duckdb", write="spark")[0])


def worked(
    numbers: Iterator[pa.RecordBatch], path: Path, pieces: Pieces, runs: Sequence[range], work: Work, version: str
) -> Iterator[pa.RecordBatch]:
    """What an executor does: work on the pieces of some shares of a table.

    Args:
        numbers: numbers of the shares, one column.
        path: the table's file.
        pieces: how it is read.
        runs: row groups of each share.
        work: what to do to a piece.
        version: version of hydrometer that the driver runs.

    Raises:
        ExecutorError: this machine has another version, does not see the file, or the work failed.
    """
    if hydrometer.__version__ != version:
        raise ExecutorError(f"hydrometer {hydrometer.__version__} on an executor, {version} on the driver")
    if not path.exists():
        raise ExecutorError("an executor does not see the workspace: it must lie on storage that all machines share")
    for batch in numbers:
        for number in batch.column(0).to_pylist():
            for piece in pieces.of(path, runs[number]):
                try:
                    made = work(piece)
                except Exception as problem:
                    raise ExecutorError(f"{type(problem).__name__} at {', '.join(places(problem))}") from None
                yield from made.combine_chunks().to_batches()


def read_parts(files: Sequence[Path], schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows of part files in order, as tables of a schema."""
    for path in files:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches():
                yield pa.Table.from_batches([batch]).cast(schema)


@contextmanager
def cluster_told_plainly() -> Iterator[None]:
    """Turn a failure of the cluster into a RunError, without the message of anything but our own executors.

    A SELECT that Spark does not take is our fault and passes as it is.
    """
    from pyspark.errors import AnalysisException, PySparkException

    try:
        yield
    except AnalysisException:
        raise
    except PySparkException as problem:
        ours = OURS.search(str(problem))
        raise RunError(
            "--engine spark",
            ours[1] if ours else f"{type(problem).__name__} {problem.getCondition() or ''}".strip(),
            "executors that last, with the same hydrometer and the same storage as the driver",
            "look into the logs of the cluster's workers, mend it and scan again",
        ) from None
