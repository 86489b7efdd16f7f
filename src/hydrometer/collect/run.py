"""Collects: inputs in any known format → the tables `exchanges`, `accounts`, `rejects` of a workspace.

The law of this room is checked here at run time, not only in tests: for every input, rows read = kept + rejected +
duplicate, and the rows kept are those written. An input that yields nothing is told; only all inputs together yielding
nothing is an error. Source: the contract, sections 1, 2 and 4.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from hydrometer.base.errors import BugError, InputError, UsageError
from hydrometer.base.shortage import is_shortage
from hydrometer.base.tables import INPUTS, OUTPUTS, conform, from_rows
from hydrometer.base.workspace import Workspace
from hydrometer.collect import remote
from hydrometer.collect.assembly import EARLIER, ORIGINS, Assembled, Counts, Origin, assemble
from hydrometer.collect.lying import Lying, lying_in_place, set_changed_aside, set_damaged_aside
from hydrometer.collect.mapping_pack import Pack, find_pack, shipped_packs
from hydrometer.collect.options import CollectOptions, check_options
from hydrometer.collect.pack_sql import Limits, quoted
from hydrometer.collect.policy import read_policy
from hydrometer.collect.sources import LABELS, TABLES, Found, Source, find
from hydrometer.collect.staging import Mapper, Stage, Staged, join_streams, stage, stage_waiting
from hydrometer.collect.tables_beside import (
    AuthorisedUse,
    Beside,
    read_register,
    read_tables,
    write_tables,
)

__all__ = ["CollectOptions", "CollectReport", "InputReport", "collect"]

Progress = Callable[[str, int, int | None], None]
STAGE = "collect"
UNFOLLOWED = "is a link to a folder; links are not followed"


@dataclass(frozen=True, slots=True)
class InputReport:
    """Rows of one input file; read = kept + rejected + duplicate. `changed`: it is not any more what was hashed."""

    name: str
    sha256: str
    rows_read: int
    rows_kept: int
    rows_rejected: int
    rows_duplicate: int
    pack: str | None
    changed: bool = False


@dataclass(frozen=True, slots=True)
class CollectReport:
    """What was collected.

    Attributes:
        inputs: one report a file, in order of names.
        absent_columns: canonical exchange columns that are wholly null.
        account_columns_absent: the same for `accounts`.
        register: authorised uses.
        policy: settings of policy.yaml.
        exchanges: rows of the table `exchanges`.
        ids_suffixed: exchanges that got another id because theirs was taken.
        columns_ignored: (input, column) that is not canonical and was kept out.
        labels: tables of the provider's past cases that lie beside the traffic; they are not read here.
        given: names of the tables and files beside the traffic that there were.
        lost: what an earlier run's state cannot tell of its exchanges, in words.
    """

    inputs: tuple[InputReport, ...]
    absent_columns: tuple[str, ...]
    account_columns_absent: tuple[str, ...]
    register: tuple[AuthorisedUse, ...]
    policy: Mapping[str, Any]
    exchanges: int
    ids_suffixed: int
    columns_ignored: tuple[tuple[str, str], ...]
    labels: tuple[Path, ...] = ()
    given: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notes:
    """Parsed register and policy."""

    register: tuple[AuthorisedUse, ...]
    policy: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Room:
    """Where tables go and who is told of progress."""

    workspace: Workspace
    progress: Progress


def collect(inputs: Sequence[str], options: CollectOptions, workspace: Workspace, progress: Progress) -> CollectReport:
    """Read all inputs into the workspace's tables `exchanges`, `accounts`, `rejects` (and `releases`, `enforcement`).

    `origins` has one row per input row that went into an exchange: exchange_id, account_id, source, position, pack.

    Args:
        inputs: files, globs, folders, or `-`.
        options: what the user asked for.
        workspace: where the tables go.
        progress: called with (stage, files done, files in all).

    Raises:
        InputError: no input yields an exchange, or an input is truth.
        UsageError: an option or a file beside the traffic is wrong.
        PackError: the mapping pack of `--format` breaks its rules.
    """
    packs = shipped_packs() if options.format is None else {(pack := find_pack(options.format)).name: pack}
    return collect_with(packs, inputs, options, workspace, progress)


def collect_with(
    packs: Mapping[str, Pack], inputs: Sequence[str], options: CollectOptions, workspace: Workspace, progress: Progress
) -> CollectReport:
    """Collect with the given packs: one is used for every file, of several the one that recognises the file."""
    check_options(options)
    folder = workspace.folder / STAGE
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(workspace.folder / remote.FOLDER, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        found = find(inputs, folder, workspace.folder / remote.FOLDER, copies=options.content)
        _override(found, options)
        notes = Notes(read_register(_only(found, "register")), read_policy(_only(found, "policy")))
        return _collect(found, packs, options, Room(workspace, progress), notes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _override(found: Found, options: CollectOptions) -> None:
    """Files named by options replace those that lie beside the traffic."""
    for name in (*TABLES, "register", "policy"):
        path: Path | None = getattr(options, name, None)
        if path is None:
            continue
        if not path.is_file():
            raise UsageError(f"--{name} {path}", "no such file", "a file", "check the path")
        found.beside[name] = [path]


def _only(found: Found, name: str) -> Path | None:
    paths = found.beside.get(name, [])
    if len(paths) > 1:
        listed = ", ".join(path.name for path in paths)
        raise UsageError(f"{name}.yaml", f"{len(paths)} files ({listed})", "one", f"name one with --{name}")
    return paths[0] if paths else None


def _collect(
    found: Found, packs: Mapping[str, Pack], options: CollectOptions, room: Room, notes: Notes
) -> CollectReport:
    workspace = room.workspace
    sources = found.sources()
    limits = Limits(options.start, options.end, options.timezone, options.content)
    readable = [source.path for source in sources] + [path for name in TABLES for path in found.beside.get(name, [])]
    memory = workspace.connection.execute("select current_setting('memory_limit')").fetchall()[0][0]
    mapper = Mapper(workspace.folder / STAGE, readable, workspace.threads, str(memory))
    staged, how = Staged(), Stage(packs, mapper, limits)
    try:
        for number, source in enumerate(sources):
            room.progress(STAGE, number, len(sources))
            stage(number, source, how, staged)
        stage_waiting(how, staged)
        fates = join_streams(how, staged)
        assembled = _assemble(staged, fates, sources, limits, workspace)
        beside = read_tables(found.beside, mapper, limits)
    finally:
        mapper.close()
    reports = _input_reports(sources, staged, assembled)
    _write_rejects(staged, beside, sources, found.unfollowed, workspace)
    if assembled.kept == 0 and not (workspace.has(EARLIER) and any(one.rows_duplicate for one in reports)):
        raise _nothing(sources, packs, workspace)
    write_tables(beside, workspace)
    room.progress(STAGE, len(sources), len(sources))
    ignored = tuple(
        (sources[number].name, column) for number, columns in sorted(staged.ignored.items()) for column in columns
    )
    return CollectReport(
        inputs=reports,
        absent_columns=workspace.absent("exchanges", INPUTS["exchanges"].names),
        account_columns_absent=workspace.absent("accounts", INPUTS["accounts"].names),
        register=notes.register,
        policy=notes.policy,
        exchanges=assembled.kept,
        ids_suffixed=assembled.suffixed,
        columns_ignored=ignored,
        labels=tuple(found.beside.get(LABELS, ())),
        given=tuple(sorted(name for name in (*TABLES, "register", "policy") if found.beside.get(name))),
    )


def _assemble(
    staged: Staged, fates: list[str], sources: Sequence[Source], limits: Limits, workspace: Workspace
) -> Assembled:
    """Write `exchanges`; a Parquet file that is damaged or changes becomes a reject, and the rest is tried again."""
    packs = [staged.packs.get(number) for number in range(len(sources))]
    origins = [Origin(source.name, pack.name if pack else None) for source, pack in zip(sources, packs, strict=True)]
    while True:
        if not staged.in_place and not staged.files:
            workspace.write("exchanges", conform(pa.table({}), INPUTS["exchanges"]))
            workspace.write("origins", ORIGINS.empty_table())
            workspace.write("row_rejects", from_rows([], OUTPUTS["rejects"]))
            return Assembled({}, 0, 0)
        try:
            lying = lying_in_place(workspace.connection, staged, limits)
            rows = list(lying.selects)
            if staged.files:
                listed = ", ".join(quoted(str(path)) for path in staged.files)
                rows.append(f"select * from read_parquet([{listed}], union_by_name = true)")
            stay = lying.files if not staged.files and _can_stay(lying, workspace) else ()
            assembled = assemble(rows, fates, origins, workspace, stay)
        except duckdb.Error as problem:
            if is_shortage(problem) or not (set_changed_aside(staged, sources) or set_damaged_aside(staged)):
                raise
        else:
            if not set_changed_aside(staged, sources):
                return assembled


def _can_stay(lying: Lying, workspace: Workspace) -> bool:
    """Whether files need not be copied: they hold what would be, and none was laid here to be read."""
    spooled = any(path.is_relative_to(workspace.folder) for path in lying.files)
    return lying.as_stored and workspace.relies_on_files and not spooled


def _input_reports(sources: Sequence[Source], staged: Staged, assembled: Assembled) -> tuple[InputReport, ...]:
    counts = dict(assembled.counts)
    for reject in staged.rejects:
        counts[reject.source] = counts.get(reject.source, Counts()).plus(Counts(reject.rows, reject.rows))
    reports = []
    for number, source in enumerate(sources):
        count = counts.get(number, Counts())
        pack = staged.packs.get(number)
        kept = count.read - count.rejected - count.duplicate
        reports.append(
            InputReport(
                source.name,
                source.sha256,
                count.read,
                kept,
                count.rejected,
                count.duplicate,
                pack.name if pack else None,
                source.changed(),
            )
        )
    if not staged.streams and sum(report.rows_kept for report in reports) != assembled.kept:
        raise BugError(
            "collect",
            f"{assembled.kept} exchanges",
            f"{sum(r.rows_kept for r in reports)} rows kept",
            "report this as a bug",
        )
    return tuple(reports)


def _write_rejects(
    staged: Staged, beside: Beside, sources: Sequence[Source], unfollowed: Sequence[str], workspace: Workspace
) -> None:
    """Write `rejects` in the order of source and position, with those of whole files."""
    rows: list[dict[str, object]] = [
        {"source": sources[one.source].name, "position": 0, "reason": one.reason, "sha256": sources[one.source].sha256}
        for one in staged.rejects
    ]
    rows += [{"source": name, "position": 0, "reason": UNFOLLOWED, "sha256": None} for name in unfollowed]
    workspace.write("file_rejects", pa.concat_tables([from_rows(rows, OUTPUTS["rejects"]), beside.rejects]))
    workspace.store(
        "rejects",
        "select * from (select * from {row_rejects} union all by name select * from {file_rejects}) order by all",
    )
    for name in ("row_rejects", "file_rejects"):
        workspace.path(name).unlink()


def _nothing(sources: Sequence[Source], packs: Mapping[str, Pack], workspace: Workspace) -> InputError:
    """The one clear error of inputs that yield no exchange."""
    rejects = workspace.query(
        "select source, position, reason, count(*) over () as n from {rejects} order by all limit 1"
    )
    if len(rejects) == 0:
        return InputError("the inputs", "no log file", "a log file, a folder of them or a glob", "check the paths")
    first = rejects.to_pylist()[0]
    line = f", line or row {first['position']}" if first["position"] else ""
    more = f" (and {first['n'] - 1} further rejects)" if first["n"] > 1 else ""
    return InputError(
        f"{first['source']}{line}",
        f"{first['reason']}{more}; no input yields an exchange",
        f"records of a known format: {', '.join(packs)}",
        "mend the input, or name its format with --format; `hydrometer map explain INPUT` shows what is found in it",
    )
