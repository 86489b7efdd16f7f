"""Turns each file into rows of the canonical columns: staged by its pack, or, for canonical Parquet, in place.

Pack SQL runs on a connection of its own that can reach the staging folder and the files given, and nothing else.
Canonical Parquet is not copied: its rows are checked where they lie. A file that cannot be used is one reject with
position 0 that counts all its rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.base.errors import PackError
from hydrometer.base.shortage import is_shortage
from hydrometer.base.tables import INPUTS
from hydrometer.base.workspace import COPY_OPTIONS
from hydrometer.collect import detect as detection
from hydrometer.collect import pack_sql
from hydrometer.collect.blanking import teach_blanking
from hydrometer.collect.detect import PARQUET, Shape
from hydrometer.collect.mapping_pack import REQUIRED, Pack
from hydrometer.collect.pack_sql import Limits, line_hash, quoted
from hydrometer.collect.reading import UnreadableError
from hydrometer.collect.records import SCHEMA
from hydrometer.collect.sources import Source
from hydrometer.collect.words import teach

_EMPTY, _NOW = "no_records", "records_now"
SOURCED = SCHEMA.append(pa.field("source", pa.int64()))
"""Records of several files, each with the number of its file."""
TOGETHER_BYTES = 64 << 20
"""Files of one pack are staged together up to this size: a file by itself costs the engine far more than a record."""
NOT_PARQUET = "is not a whole Parquet file (cut short or damaged)"


@dataclass(frozen=True, slots=True)
class FileReject:
    """A file that cannot be used: one reject at position 0 that counts all its rows."""

    source: int
    rows: int
    reason: str


@dataclass(slots=True)
class Staged:
    """Where the rows of all files are.

    Attributes:
        files: staged Parquet files, all of one schema.
        streams: per joining pack, the staged fields of its files.
        in_place: canonical Parquet files by the types of their columns.
        packs: pack of each source that has one.
        waiting: per pack, files that are yet to be staged.
        rejects: files that cannot be used.
        ignored: columns that are not canonical, by source.
        rows: of each Parquet file, by source, as it was when it was found.
    """

    files: list[Path] = field(default_factory=list)
    streams: dict[str, list[Path]] = field(default_factory=dict)
    in_place: dict[tuple[tuple[str, str], ...], list[tuple[int, Path]]] = field(default_factory=dict)
    packs: dict[int, Pack] = field(default_factory=dict)
    waiting: dict[str, list[tuple[int, Shape]]] = field(default_factory=dict)
    rejects: list[FileReject] = field(default_factory=list)
    ignored: dict[int, tuple[str, ...]] = field(default_factory=dict)
    rows: dict[int, int] = field(default_factory=dict)


class Mapper:
    """A closed-in engine that applies packs.

    Args:
        folder: staging folder, the only place that it can write.
        readable: files that it may read.
        threads: number of threads.
        memory: memory limit as the engine writes it.
    """

    def __init__(self, folder: Path, readable: Sequence[Path], threads: int, memory: str) -> None:
        self.folder = folder
        self._types: dict[str, dict[str, str]] = {}
        self.connection = duckdb.connect()
        run = self.connection.execute
        run(f"set threads = {threads}")
        run("set memory_limit = ?", [memory])
        run("set timezone = 'UTC'")
        run("set enable_progress_bar = false")
        run("set temp_directory = ?", [str(folder / "spill")])
        run("set allowed_directories = ?", [[str(folder)]])
        run("set allowed_paths = ?", [[str(path.absolute()) for path in readable]])
        teach(self.connection)
        teach_blanking(self.connection)
        run(f"create temp table {_EMPTY} as select * from (select {_null_columns()}) where false")
        run("set enable_external_access = false")
        run("set lock_configuration = true")

    def types(self, select: str) -> dict[str, str]:
        """Engine types of a SELECT's columns.

        Raises:
            PackError: the SELECT does not bind (an expression of a pack is wrong).
        """
        try:
            described = self.connection.execute(f"describe {select}").fetchall()
        except duckdb.Error as problem:
            told = str(problem).split("\n")[0]
            raise PackError("pack", told, "DuckDB expressions over the pack's fields", "mend the expression") from None
        return {str(row[0]): str(row[1]) for row in described}

    def pack_types(self, pack: Pack) -> dict[str, str]:
        """Engine types of a pack's mapped columns; a PackError names the pack where it does not bind."""
        if pack.name not in self._types:
            try:
                self._types[pack.name] = self.types(self.mapped(pack, _EMPTY))
            except PackError as problem:
                raise PackError(f"pack {pack.name}", problem.found, problem.expected, problem.remedy) from None
        return self._types[pack.name]

    def mapped(self, pack: Pack, batches: str) -> str:
        """SELECT of a pack's canonical columns over a relation of records."""
        fields = pack_sql.fields_select(pack, batches, "source")
        if not pack.streams:
            return pack_sql.mapped_select(pack, fields)
        return pack_sql.joined_select(pack, f"({pack_sql.streamed_select(pack, fields)})")

    def write(self, name: str, select: str, batches: Iterator[pa.RecordBatch] | None = None) -> Path:
        """Write a SELECT to the staging folder; `records_now` in it stands for the batches."""
        path = self.folder / f"{name}.parquet"
        if batches is not None:
            self.connection.register(_NOW, pa.RecordBatchReader.from_batches(SOURCED, batches))
        try:
            self.connection.execute(f"copy ({select}) to {quoted(str(path))} {COPY_OPTIONS}")
        finally:
            if batches is not None:
                self.connection.unregister(_NOW)
        return path

    def close(self) -> None:
        """Close the connection; the staged files stay."""
        self.connection.close()


def _null_columns() -> str:
    types = {pa.int64(): "bigint", pa.string(): "varchar"}
    return ", ".join(f"null::{types[column.type]} as {column.name}" for column in SOURCED)


@dataclass(frozen=True, slots=True)
class Stage:
    """What staging needs: packs to choose from, the engine that applies them, what was asked of every row."""

    packs: Mapping[str, Pack]
    mapper: Mapper
    limits: Limits


def stage(number: int, source: Source, how: Stage, staged: Staged) -> None:
    """Stage one source, or let it wait for others of its pack (`stage_waiting`); what cannot be used is a reject."""
    rows = 1
    try:
        shape = detection.shape_of(source.path, how.mapper.folder, copies=how.limits.content)
        if shape.kind == PARQUET:
            rows = staged.rows[number] = parquet_rows(shape.path)
        only = next(iter(how.packs.values())) if len(how.packs) == 1 else None
        pack = only or detection.detect(detection.sample_records(shape), how.packs)
        staged.packs[number] = pack
        if shape.kind == PARQUET and pack.input == "canonical":
            _in_place(shape.path, number, staged)
        elif shape.kind == PARQUET:
            _stage_parquet(pack, shape.path, number, how, staged)
        else:
            _wait(pack, shape, number, how, staged)
    except UnreadableError as problem:
        staged.rejects.append(FileReject(number, rows, str(problem)))


def parquet_rows(path: Path) -> int:
    """Rows of a Parquet file, at least 1 so that a file without rows is told too.

    Raises:
        UnreadableError: it is no whole Parquet file.
    """
    try:
        rows = int(pq.read_metadata(path).num_rows)
    except (OSError, pa.ArrowException) as problem:
        raise UnreadableError(NOT_PARQUET) from problem
    if rows == 0:
        raise UnreadableError("the file has no rows")
    return rows


def _stage_parquet(pack: Pack, path: Path, number: int, how: Stage, staged: Staged) -> None:
    """Apply a pack to the rows of a Parquet file."""
    rows = f"""(select file_row_number + 1 as position, 0 as item, to_json(t)::varchar as record,
        null::varchar as reason, null::varchar as sha256, {number} as source
        from read_parquet({quoted(str(path.absolute()))}) t)"""
    try:
        _stage_records(pack, how, staged, f"rows-{number}", (rows, None))
    except duckdb.Error as problem:
        if is_shortage(problem):
            raise
        raise UnreadableError(NOT_PARQUET) from problem


def _wait(pack: Pack, shape: Shape, number: int, how: Stage, staged: Staged) -> None:
    """Put a file to those of its pack that wait; they are staged when they are many bytes together."""
    waiting = staged.waiting.setdefault(pack.name, [])
    waiting.append((number, shape))
    if sum(other.path.stat().st_size for _, other in waiting) >= TOGETHER_BYTES:
        _stage_together(pack, how, staged)


def stage_waiting(how: Stage, staged: Staged) -> None:
    """Stage the files that still wait for others of their pack."""
    for name in list(staged.waiting):
        _stage_together(how.packs[name], how, staged)


def _stage_together(pack: Pack, how: Stage, staged: Staged) -> None:
    files = staged.waiting.pop(pack.name)
    _stage_records(pack, how, staged, f"rows-{files[0][0]}", (_NOW, sourced(files, pack.input == "otlp")))


def sourced(files: Sequence[tuple[int, Shape]], otlp: bool) -> Iterator[pa.RecordBatch]:
    """Batches of all the files that are not Parquet, each row with the number of its file."""
    for number, shape in files:
        for batch in detection.record_batches(shape, otlp):
            numbers = pa.repeat(pa.scalar(number, pa.int64()), batch.num_rows)
            yield pa.RecordBatch.from_arrays([*batch.columns, numbers], schema=SOURCED)


def _stage_records(
    pack: Pack, how: Stage, staged: Staged, name: str, records: tuple[str, Iterator[pa.RecordBatch] | None]
) -> None:
    """Apply a pack to records (a relation, and its batches where it is `records_now`) and write what comes out."""
    relation, batches = records
    fields = pack_sql.fields_select(pack, relation, "source", blank=blank_fields(pack, how.limits))
    select = pack_sql.streamed_select(pack, fields) if pack.streams else _rows_select(pack, fields, how)
    path = how.mapper.write(name, select, batches)
    if pack.streams:
        staged.streams.setdefault(pack.name, []).append(path)
        return
    staged.files.append(path)
    for number, columns in _ignored(how.mapper, path).items():
        staged.ignored[number] = columns


def blank_fields(pack: Pack, limits: Limits) -> Sequence[str]:
    """Fields of a pack that may not lie on disk as they are: none with content, and none where nothing is laid aside.

    Raises:
        PackError: the pack joins logs and does not say where the words are.
    """
    if limits.content or not pack.streams:
        return ()
    if not pack.content:
        raise PackError(
            f"pack {pack.name}", "logs that are joined, and no `content`", "the fields that hold what people wrote",
            "name them under `content`, or scan with content",
        )  # fmt: skip
    return pack.content


def _rows_select(pack: Pack, fields: str, how: Stage) -> str:
    mapped = pack_sql.mapped_select(pack, fields)
    if pack.input != "canonical":
        mapped = f"select *, null::varchar[] as _unknown from ({mapped})"
    return pack_sql.checked_select(mapped, how.mapper.pack_types(pack), how.limits, keep=("_unknown",))


def _ignored(mapper: Mapper, path: Path) -> dict[int, tuple[str, ...]]:
    """Source → names of the columns of canonical records that are not canonical."""
    found = mapper.connection.execute(f"""
        select _source, list(distinct name order by name) from (
            select _source, unnest(_unknown) as name from read_parquet({quoted(str(path))})) group by _source""")
    return {int(source): tuple(map(str, names)) for source, names in found.fetchall()}


def _in_place(path: Path, number: int, staged: Staged) -> None:
    """Take a canonical Parquet file as it lies, grouped with others whose columns have the same types."""
    try:
        names = pq.read_schema(path).names
    except (OSError, pa.ArrowException) as problem:
        raise UnreadableError(NOT_PARQUET) from problem
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise UnreadableError(f"has no column {', '.join(missing)}")
    staged.ignored[number] = tuple(sorted(set(names) - set(INPUTS["exchanges"].names)))
    with duckdb.connect() as connection:
        try:
            described = connection.execute(f"describe select * from read_parquet({quoted(str(path))})").fetchall()
        except duckdb.Error as problem:
            raise UnreadableError(NOT_PARQUET) from problem
    types = {str(row[0]): str(row[1]) for row in described}
    key = tuple((name, types[name]) for name in INPUTS["exchanges"].names if name in types)
    staged.in_place.setdefault(key, []).append((number, path))


def join_streams(how: Stage, staged: Staged) -> list[str]:
    """Join the logs of each pack that has several; SELECTs of the fate of the rows that are no exchanges themselves.

    Each has `_source, _position, _item, _key, _reason, _sha256, _repeated`; no reason means that it joined an exchange.
    """
    fates = []
    for name, paths in staged.streams.items():
        pack = how.packs[name]
        listed = ", ".join(quoted(str(path)) for path in paths)
        rows = f"read_parquet([{listed}])"
        mapped = f"select *, null::varchar[] as _unknown from ({pack_sql.joined_select(pack, rows)})"
        types = how.mapper.pack_types(pack)
        select = pack_sql.checked_select(mapped, types, how.limits, keep=("_unknown", "_key"))
        path = how.mapper.write(f"joined-{name}", select)
        staged.files.append(path)
        fates.append(_joined_fates(pack, rows, f"read_parquet({quoted(str(path))})", how.limits))
    return fates


def _joined_fates(pack: Pack, rows: str, joined: str, limits: Limits) -> str:
    several = ", ".join(quoted(name) for name, stream in pack.streams.items() if stream.several) or "''"
    return f"""
    select _source, _position, _item, _key, {line_hash("true", limits)} as _sha256,
        _number > 1 and _stream not in ({several}) and _record = _first as _repeated,
        case when _key is null then 'has no key to join on'
             when _key not in (select _key from {joined} where _reason is null and _key is not null)
             then 'no exchange has its key'
             when _number > 1 and _stream not in ({several}) and _record <> _first
             then 'a second record of the log ' || _stream || ' with this key' end as _reason
    from (select *, row_number() over joining as _number, first_value(_record) over joining as _first from {rows}
          where _stream <> 'main' and _reason is null
          window joining as (partition by _stream, _key order by _source, _position, _item))"""
