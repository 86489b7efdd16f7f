"""Fingerprints clustered by unit: a column at a time, each unit's exchanges beside each other in the order of time.

What is counted by unit is then one pass over neighbours, and a table of one unit's things fits into the cache. Only as
many exchanges as `PART_ROWS` are laid out at once, and of them only the columns that are asked for: a longer log is
first cut into files of whole units. Beside that, four bytes of each exchange are held: its unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numba import njit
from numpy.typing import NDArray

from hydrometer.base.pieces import shares
from hydrometer.base.workspace import Workspace

PART_ROWS = 1 << 24
"""Exchanges laid out at once, but that a unit is never cut."""
CHUNK_ROWS = 1 << 19
"""Exchanges that a thread works on at once, about."""
SHARE_ROWS = 1 << 18
"""Rows read at once."""
TABLE = "fingerprints"
TIME = "sent_us"
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Source:
    """The table `fingerprints`, as it is read column by column.

    Attributes:
        path: its file.
        metadata: of the file.
        units: unit of each row, −1 where its account is of none; shape (n,).
        threads: threads that read.
    """

    path: Path
    metadata: pq.FileMetaData
    units: NDArray[np.int32]
    threads: int

    def shares(self) -> Iterator[tuple[range, slice]]:
        """Row groups that are read at once, and their rows."""
        first = 0
        for groups in shares(self.metadata, SHARE_ROWS):
            rows = sum(self.metadata.row_group(group).num_rows for group in groups)
            yield groups, slice(first, first + rows)
            first += rows

    def values(self, groups: range, name: str) -> NDArray[np.int64]:
        """Values of a column in some row groups, 0 where it is null."""
        with pq.ParquetFile(self.path, metadata=self.metadata) as file:
            column = file.read_row_groups(list(groups), columns=[name], use_threads=False)[name]
        found: NDArray[np.int64] = pc.fill_null(column, 0).to_numpy()
        return found


@dataclass(frozen=True, slots=True)
class Part:
    """All exchanges of some units, by unit, then by time, then as they are in the log.

    Attributes:
        source: what they are read from.
        first: number of the first unit.
        starts: place of the first exchange of each unit, and behind the last; shape (units + 1,).
        epochs: epoch of each exchange; shape (m,).
        places: place of each exchange in the order of the log; shape (m,).
        before: how many of them come before each share of the log; shape (shares,).
    """

    source: Source
    first: int
    starts: NDArray[np.int64]
    epochs: NDArray[np.int64]
    places: NDArray[np.int32]
    before: list[int]

    def column(self, name: str) -> NDArray[np.int64]:
        """Values of a column, 0 where it is null; shape (m,)."""
        made = np.empty(len(self.epochs), np.int64)
        last = self.first + len(self.starts) - 2

        def read(share: tuple[tuple[range, slice], int]) -> None:
            (groups, rows), before = share
            values = self.source.values(groups, name)
            lay(self.source.units[rows], self.first, last, self.places[before:], values, made)

        with ThreadPoolExecutor(self.source.threads) as pool:
            list(pool.map(read, zip(self.source.shares(), self.before, strict=True)))
        return made

    def columns(self, names: tuple[str, ...]) -> NDArray[np.int64]:
        """Values of some columns, 0 where they are null; shape (columns, m)."""
        return np.stack([self.column(name) for name in names]) if len(names) > 1 else self.column(names[0])[None, :]

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Runs of units of about `CHUNK_ROWS` exchanges: the first of each, counted from this part's, and behind it."""
        return runs(self.starts, CHUNK_ROWS)


@dataclass(frozen=True, slots=True)
class Clustered:
    """All exchanges, in parts of whole units.

    Attributes:
        sources: what each part is read from.
        units: first unit of each part, and behind the last.
        bounds: exchanges before each unit, and in all; shape (units + 1,).
        epoch_us: length of an epoch in microseconds.
        kept: the part, where there is but one and it was laid out.
    """

    sources: list[Source]
    units: list[int]
    bounds: NDArray[np.int64]
    epoch_us: int
    kept: list[Part] = field(default_factory=list)

    def parts(self) -> Iterator[Part]:
        """The parts, each laid out anew, but for a single one."""
        if self.kept:
            yield self.kept[0]
            return
        for source, first, end in zip(self.sources, self.units, self.units[1:], strict=False):
            part = laid_out(source, first, self.bounds[first : end + 1] - self.bounds[first], self.epoch_us)
            if len(self.sources) == 1:
                self.kept.append(part)
            yield part


@contextmanager
def clustered(workspace: Workspace, columns: Sequence[str]) -> Iterator[Clustered]:
    """All exchanges, to be read by unit; what is written for that is gone at the end.

    Args:
        workspace: holds `fingerprints` and `units`.
        columns: columns that will be asked for beside `sent_us`.
    """
    path = workspace.path(TABLE)
    whole = Source(path, pq.read_metadata(path), unit_of_rows(workspace), workspace.threads)
    bounds = np.concatenate([[0], np.cumsum(np.bincount(whole.units + 1)[1:])])
    cuts = [0, *(end for _, end in runs(bounds, PART_ROWS))]
    files = [workspace.path(f"{TABLE}_{number}") for number in range(len(cuts) - 1)] if len(cuts) > 2 else []
    try:
        sources = split(whole, cuts, sorted({*columns, TIME}), files) if files else [whole]
        yield Clustered(sources, cuts, bounds, workspace.epoch_us)
    finally:
        for file in files:
            file.unlink(missing_ok=True)


def split(whole: Source, cuts: Sequence[int], columns: Sequence[str], files: Sequence[Path]) -> list[Source]:
    """Write some columns of the exchanges of each part into a file of its own, in the order of the log.

    Args:
        whole: all exchanges.
        cuts: first unit of each part, and behind the last.
        columns: the columns.
        files: of each part.
    """
    target = pa.schema([(name, pa.int64()) for name in columns])
    with ExitStack() as stack:
        writers = [stack.enter_context(pq.ParquetWriter(file, target, compression="lz4")) for file in files]
        for groups, rows in whole.shares():
            table = pa.table([whole.values(groups, name) for name in columns], schema=target)
            for number, writer in enumerate(writers):
                writer.write_table(table.filter(pa.array(among(whole.units[rows], cuts, number))))
    return [
        Source(file, pq.read_metadata(file), whole.units[among(whole.units, cuts, number)], whole.threads)
        for number, file in enumerate(files)
    ]


def among(units: NDArray[np.int32], cuts: Sequence[int], number: int) -> NDArray[np.bool_]:
    """Which of some units are of a part."""
    return (units >= cuts[number]) & (units < cuts[number + 1])


def unit_of_rows(workspace: Workspace) -> NDArray[np.int32]:
    """Unit of each row of `fingerprints`, −1 where its account is of none; shape (n,)."""
    with pq.ParquetFile(workspace.path(TABLE), read_dictionary=["account_id"]) as file:
        accounts = file.read(columns=["account_id"])["account_id"]
    if not len(accounts):
        return np.empty(0, np.int32)
    accounts = accounts.unify_dictionaries()
    known = workspace.read("units", ["account_id", "unit"])
    found = pc.index_in(accounts.chunk(0).dictionary, value_set=known["account_id"].combine_chunks())
    units = pc.fill_null(known["unit"].combine_chunks().take(found), NOBODY).to_numpy().astype(np.int32)
    return np.concatenate([units[chunk.indices.to_numpy()] for chunk in accounts.chunks])


def runs(bounds: NDArray[np.int64], rows: int) -> Iterator[tuple[int, int]]:
    """Cut numbered things into runs of about as many rows, at least one thing each: the first, and behind the last.

    Args:
        bounds: rows before each thing, and in all; shape (things + 1,).
        rows: most rows of a run that has more than one thing.

    >>> list(runs(np.array([0, 2, 3, 9, 10]), 3))
    [(0, 2), (2, 3), (3, 4)]
    """
    first, things = 0, len(bounds) - 1
    while first < things:
        end = max(first + 1, int(np.searchsorted(bounds, bounds[first] + rows, "right")) - 1)
        yield first, end
        first = end


def laid_out(source: Source, first: int, starts: NDArray[np.int64], epoch_us: int) -> Part:
    """The exchanges of some units in their order.

    Args:
        source: all exchanges.
        first: number of the first unit.
        starts: place of the first exchange of each unit, and behind the last.
        epoch_us: length of an epoch in microseconds.
    """
    sent = np.empty(starts[-1], np.int64)
    places = np.empty(starts[-1], np.int32)
    free, before, done = starts[:-1].copy(), [], 0
    for groups, rows in source.shares():
        before.append(done)
        done += deal(source.units[rows], first, source.values(groups, TIME), free, places[done:], sent)
    if not in_order(starts, sent):
        places = sorted_by_time(starts, sent)[places]
    return Part(source, first, starts, epochs_of(sent, epoch_us), places, before)


@njit(cache=True, nogil=True)
def deal(
    units: NDArray[np.int32],
    first: int,
    values: NDArray[np.int64],
    free: NDArray[np.int64],
    places: NDArray[np.int32],
    made: NDArray[np.int64],
) -> int:
    """Lay values of rows at the next place of their unit, and note the places; how many were of these units.

    Args:
        units: unit of each row; shape (n,).
        first: number of the first unit.
        values: shape (n,).
        free: next place of each unit, moved on; shape (units,).
        places: filled with the place of each row of these units, in order.
        made: filled with the values.
    """
    done = 0
    for row in range(len(units)):
        unit = units[row] - first
        if 0 <= unit < len(free):
            places[done] = free[unit]
            made[free[unit]] = values[row]
            free[unit] += 1
            done += 1
    return done


@njit(cache=True, nogil=True)
def lay(
    units: NDArray[np.int32],
    first: int,
    last: int,
    places: NDArray[np.int32],
    values: NDArray[np.int64],
    made: NDArray[np.int64],
) -> None:
    """Lay values of the rows of some units at their places.

    Args:
        units: unit of each row; shape (n,).
        first: number of the first unit.
        last: number of the last unit.
        places: place of each row of these units, in order.
        values: shape (n,).
        made: filled with the values.
    """
    done = 0
    for row in range(len(units)):
        if first <= units[row] <= last:
            made[places[done]] = values[row]
            done += 1


@njit(cache=True, nogil=True)
def in_order(starts: NDArray[np.int64], sent: NDArray[np.int64]) -> bool:
    """Whether each unit's exchanges are in the order of time."""
    for unit in range(len(starts) - 1):
        for place in range(starts[unit] + 1, starts[unit + 1]):
            if sent[place] < sent[place - 1]:
                return False
    return True


@njit(cache=True, nogil=True)
def sorted_by_time(starts: NDArray[np.int64], sent: NDArray[np.int64]) -> NDArray[np.int32]:
    """Sort each unit's times in place; the new place of each, those of one time as they were. Shape (m,)."""
    moved = np.empty(len(sent), np.int32)
    for unit in range(len(starts) - 1):
        first, end = starts[unit], starts[unit + 1]
        times = sent[first:end].copy()
        order = np.argsort(times, kind="mergesort")
        for rank in range(end - first):
            sent[first + rank] = times[order[rank]]
            moved[first + order[rank]] = first + rank
    return moved


@njit(cache=True, nogil=True)
def epochs_of(sent: NDArray[np.int64], epoch_us: int) -> NDArray[np.int64]:
    """Epoch of each time, in place, towards zero as in SQL; shape (m,)."""
    for place in range(len(sent)):
        sent[place] = sent[place] // epoch_us if sent[place] >= 0 else -(-sent[place] // epoch_us)
    return sent
