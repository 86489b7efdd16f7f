"""Tells whether a mapping pack does what its samples say, and what a pack finds in an input: `map test`, `map explain`.

Both run the same code as a scan does, on a workspace of their own that is gone afterwards.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from hydrometer.base.errors import InputError
from hydrometer.base.tables import INPUTS
from hydrometer.base.workspace import Workspace
from hydrometer.collect import pack_sql
from hydrometer.collect.mapping_pack import Pack, Sample, find_pack
from hydrometer.collect.options import CollectOptions
from hydrometer.collect.run import CollectReport, InputReport, collect, collect_with

RELATIVE_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class PackTest:
    """Result of a pack's samples.

    Attributes:
        pack: its name.
        samples: how many samples it has.
        problems: what differs, one a line; empty = passed.
    """

    pack: str
    samples: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a mapping finds in an input.

    Attributes:
        packs: pack of each input file.
        inputs: row counts of each.
        exchanges: rows mapped.
        null_rates: canonical column → fraction of the mapped rows that are null, 0 to 1.
        account_columns_absent: columns of `accounts` that are wholly null.
        reasons: reason of reject → how many rows.
        columns_ignored: (input, column) that the mapping does not know.
        sql: pack → the SELECT it compiles to.
    """

    packs: tuple[str, ...]
    inputs: tuple[InputReport, ...]
    exchanges: int
    null_rates: Mapping[str, float]
    account_columns_absent: tuple[str, ...]
    reasons: Mapping[str, int]
    columns_ignored: tuple[tuple[str, str], ...]
    sql: Mapping[str, str]

    @property
    def columns_absent(self) -> tuple[str, ...]:
        """Canonical exchange columns that are wholly null."""
        return tuple(column for column, rate in self.null_rates.items() if rate == 1.0)


def test_pack(name: str) -> PackTest:
    """Run the samples of a shipped pack (by name) or of a pack file (by path).

    Raises:
        PackError: there is no such pack, or it breaks the rules.
    """
    return check_samples(find_pack(name))


def check_samples(pack: Pack) -> PackTest:
    """Run the samples of a pack."""
    told = [_sample_problems(pack, sample, number) for number, sample in enumerate(pack.samples, start=1)]
    return PackTest(pack.name, len(pack.samples), tuple(chain.from_iterable(told)))


def file_problems(pack: Pack, found: Explanation) -> tuple[str, ...]:
    """What is wrong with a file that a pack was tried on: no exchange, and rejects that the pack does not ask for."""
    wanted = {one.reason for one in pack.refuse}
    told = [f"{count} rows are rejected: {why}" for why, count in found.reasons.items() if why not in wanted]
    return tuple(told if found.exchanges else ["no exchange", *told])


def _sample_problems(pack: Pack, sample: Sample, number: int) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sample.jsonl"
        file.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in sample.records))
        workspace = Workspace(Path(folder) / "work", threads=1)
        try:
            collect_with({pack.name: pack}, [str(file)], CollectOptions(), workspace, _silent)
        except InputError:
            if not sample.rejects:
                raise
        found = workspace.query("select * from {exchanges} order by exchange_id").to_pylist()
        reasons = [
            str(row["reason"]) for row in workspace.query("select reason from {rejects} order by all").to_pylist()
        ]
        workspace.close()
    problems = (
        [] if reasons == sorted(sample.rejects) else [f"rejects are {reasons}, expected {sorted(sample.rejects)}"]
    )
    if len(found) != len(sample.expect):
        problems.append(f"{len(found)} exchanges, expected {len(sample.expect)}")
    for row, expected in zip(found, sorted(sample.expect, key=lambda one: str(one.get("exchange_id"))), strict=False):
        problems += [
            f"{column}: {row.get(column)!r}, expected {value!r}"
            for column, value in expected.items()
            if not _same(row.get(column), value)
        ]
    return [f"sample {number}: {problem}" for problem in problems]


def _same(found: Any, expected: Any) -> bool:
    if isinstance(found, datetime):
        return found == datetime.fromisoformat(str(expected))
    if isinstance(found, float) and isinstance(expected, (int, float)):
        return abs(found - expected) <= RELATIVE_TOLERANCE * max(1.0, abs(found))
    return bool(found == expected)


def explain(inputs: Sequence[str], options: CollectOptions) -> Explanation:
    """What the packs find in inputs.

    Args:
        inputs: as for `collect`.
        options: as for `collect`.

    Raises:
        InputError, UsageError, PackError: as `collect`; an input that yields nothing is explained, not an error.
    """
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "work")
        report: CollectReport | None = None
        try:
            report = collect(inputs, options, workspace, _silent)
        except InputError:
            if not workspace.has("rejects"):
                raise
        rates = null_rates(workspace)
        reasons = {
            str(row["reason"]): int(row["rows"])
            for row in workspace.query(
                "select reason, count(*) as rows from {rejects} group by reason order by rows desc, reason"
            ).to_pylist()
        }
        workspace.close()
    packs = tuple(sorted({one.pack for one in report.inputs if one.pack})) if report else ()
    named = (options.format,) if options.format else packs
    return Explanation(
        packs=packs,
        inputs=report.inputs if report else (),
        exchanges=report.exchanges if report else 0,
        null_rates=rates,
        account_columns_absent=report.account_columns_absent if report else tuple(INPUTS["accounts"].names),
        reasons=reasons,
        columns_ignored=report.columns_ignored if report else (),
        sql={pack.name: compiled_sql(pack) for pack in map(find_pack, named)},
    )


def null_rates(workspace: Workspace) -> dict[str, float]:
    """Canonical exchange column → fraction of the table `exchanges` that is null; all 1 for an empty table."""
    names = INPUTS["exchanges"].names
    counted = ", ".join(f'count("{name}") as "{name}"' for name in names)
    row = workspace.query(f"select count(*) as _rows, {counted} from {{exchanges}}").to_pylist()[0]
    total = max(int(row["_rows"]), 1)
    return {name: 1.0 - int(row[name]) / total for name in names}


def compiled_sql(pack: Pack) -> str:
    """The SELECT that a pack compiles to, over a relation `records` (position, item, record, reason, sha256)."""
    fields = pack_sql.fields_select(pack, "records", "0")
    if not pack.streams:
        return pack_sql.mapped_select(pack, fields).strip()
    return pack_sql.joined_select(pack, f"({pack_sql.streamed_select(pack, fields)})").strip()


def _silent(stage: str, done: int, total: int | None) -> None:
    """Nobody watches."""
