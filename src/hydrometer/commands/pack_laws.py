"""Runs the laws of mapping packs on one pack: its samples, and what its samples must stand.

The laws know neither how a file is read nor what a pack is made of; here they meet the reader that a scan uses.
Source: the architecture, section 6.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hydrometer.base.laws_collect import Gather, Gathered
    from hydrometer.collect.mapping_pack import Pack


def breaches(pack: Path) -> list[str]:
    """Every law that a pack file breaks, in words; empty = it keeps them all.

    Raises:
        PackError: the file is no pack.
    """
    from hydrometer.base.laws_collect import violations
    from hydrometer.collect.mapping_pack import find_pack

    found = find_pack(str(pack))
    return violations(found, gather_with(found))


def gather_with(pack: Pack) -> Gather:
    """A reader of lines with this pack alone; each call has a workspace of its own that is gone afterwards."""

    def gather(lines: Sequence[bytes]) -> Gathered:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "lines.jsonl"
            file.write_bytes(b"".join(line + b"\n" for line in lines))
            return _gathered(pack, file, Path(folder) / "work")

    return gather


def _gathered(pack: Pack, file: Path, folder: Path) -> Gathered:
    from hydrometer.base.errors import InputError
    from hydrometer.base.laws_collect import Gathered
    from hydrometer.base.workspace import Workspace
    from hydrometer.collect.options import CollectOptions
    from hydrometer.collect.run import CollectReport, collect_with

    workspace = Workspace(folder, threads=1)
    report: CollectReport | None = None
    try:
        report = collect_with({pack.name: pack}, [str(file)], CollectOptions(), workspace, _silent)
    except InputError:
        if not workspace.has("rejects"):
            raise
    exchanges = workspace.query("select * from {exchanges} order by exchange_id")
    rejects = workspace.query("select * from {rejects} order by all").to_pylist()
    workspace.close()
    counts = () if report is None else report.inputs
    return Gathered(
        tuple(exchanges.to_pylist()),
        tuple(rejects),
        tuple((one.rows_read, one.rows_kept, one.rows_rejected, one.rows_duplicate) for one in counts),
        () if report is None else tuple(column for _, column in report.columns_ignored),
        {field.name: field.type for field in exchanges.schema},
    )


def _silent(stage: str, done: int, total: int | None) -> None:
    """Nobody watches."""
