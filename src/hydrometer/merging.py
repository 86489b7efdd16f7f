"""A scan on top of an earlier run: only what is new is read, and its rows join those that the earlier state holds.

The tables of the state lie in the workspace under their names with `earlier_` before them; after this, stages meet the
tables of old and new logs together under the names that they always have, and cannot tell that they were not read at
once. Where a row of a table beside the log is given again, the newer one holds. Source: decision record 0031.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.base.state import State
from hydrometer.base.tables import INPUTS
from hydrometer.base.workspace import Workspace
from hydrometer.collect.options import CollectOptions
from hydrometer.collect.run import CollectReport, InputReport, collect
from hydrometer.collect.tables_beside import KEYS, AuthorisedUse, write_accounts
from hydrometer.fingerprint.entities import pseudonymous
from hydrometer.fingerprint.run import fingerprint_batch, pieces, schema, signals
from hydrometer.keeping import BESIDE, PLAIN

EARLIER = "earlier_"
ARRIVED = "arrived"
"""Exchanges of the new logs alone, with their texts."""
Step = Callable[[str, int, int | None], None]
LEDGER = f"""
select {", ".join(PLAIN)}, case when tools is not null then list_resize([''], tools, '') end as tools,
       case when priced then 0.0::double end as cost_usd, null::varchar as prompt from {{earlier_ledger}}
"""
"""What earlier runs kept of exchanges. What they cost is in the fingerprints; here, whether it is known."""
EXCHANGES = f"select {', '.join(PLAIN)}, tools, cost_usd, prompt from {{arrived}}"
"""What is read of new ones after the pass over text."""
REJECTS = "from (from {earlier_rejects} union all by name from {arrived_rejects}) order by all"


def collected_on_top(
    state: State, inputs: Sequence[str], options: CollectOptions, workspace: Workspace, key: bytes, step: Step
) -> CollectReport:
    """Read the new logs and put their tables to those of the earlier run.

    Args:
        state: of the earlier run, looked at.
        inputs: the new logs.
        options: what to make of them.
        workspace: where the tables go.
        key: the deployment's key.
        step: told of files read.

    Returns:
        what was read by all runs together.

    Raises:
        InputError, UsageError, PackError: as `collect`; logs of which every exchange was seen before are none.
    """
    lay_beside(state, workspace)
    read = collect(inputs, options, workspace, step)
    workspace.rename("exchanges", ARRIVED)
    renamed = new_ids(workspace)
    workspace.store("exchanges", f"{under_new_ids(LEDGER, renamed)} union all by name {EXCHANGES}")
    origins = under_new_ids("select * from {earlier_origins}", renamed)
    together(workspace, "origins", f"{origins} union all by name select * from {{arrived_origins}}")
    together(workspace, "rejects", REJECTS)
    for name in BESIDE:
        merge_beside(workspace, name)
    merge_register(workspace, key)
    write_accounts(workspace)
    merged = merged_report(state.told, read, workspace)
    workspace.write("absent", pa.table({"name": pa.array(sorted(merged.absent_columns), pa.string())}))
    return merged


def lay_beside(state: State, workspace: Workspace) -> None:
    """Let the workspace have the state's tables: as links, since they are not changed."""
    tables = {name: state.path(name) for name in state.tables} | {"rejects": state.run / "rejects.parquet"}
    for name, path in tables.items():
        link = workspace.path(EARLIER + name)
        link.unlink(missing_ok=True)
        link.symlink_to(path.resolve())


def together(workspace: Workspace, name: str, sql: str) -> None:
    """Write a table anew from what arrived of it, which the SELECT calls `arrived_NAME`, and what was there earlier."""
    arrived = workspace.path(f"{ARRIVED}_{name}")
    workspace.path(name).rename(arrived)
    workspace.store(name, sql)
    arrived.unlink()


def new_ids(workspace: Workspace) -> dict[str, str]:
    """Earlier exchanges that have another id from now on, since one with theirs came in that was sent before them."""
    return {row["exchange_id"]: row["new_id"] for row in workspace.read("renamed").to_pylist()}


def under_new_ids(earlier: str, renamed: Mapping[str, str]) -> str:
    """A SELECT of earlier rows under the ids that they have from now on."""
    if not renamed:
        return earlier
    return f"""select s.* replace (coalesce(r.new_id, s.exchange_id) as exchange_id) from ({earlier}) s
        left join {{renamed}} r using (exchange_id)"""


def merge_beside(workspace: Workspace, name: str) -> None:
    """Put a table beside the log together: rows of the new one, and of the earlier one those of other keys."""
    if not workspace.has(EARLIER + name):
        return
    if not workspace.has(name):
        workspace.store(name, f"from {{{EARLIER}{name}}} order by all")
        return
    same = " and ".join(f"e.{key} is not distinct from n.{key}" for key in KEYS[name])
    columns = ", ".join(INPUTS[name].names)
    together(
        workspace, name,
        f"""from (select {columns} from {{arrived_{name}}} n union all select {columns} from {{{EARLIER}{name}}} e
            where not exists (from {{arrived_{name}}} n where {same})) order by all""",
    )  # fmt: skip


def merge_register(workspace: Workspace, key: bytes) -> None:
    """Put the registers of accounts together under pseudonyms: `given_accounts`."""
    workspace.write("given_accounts", pseudonymous(workspace.read("given_accounts"), key))
    together(
        workspace, "given_accounts",
        f"""from (from {{arrived_given_accounts}} union all by name from {{{EARLIER}register}}
            where account_id not in (select account_id from {{arrived_given_accounts}})) order by account_id""",
    )  # fmt: skip


def merged_report(told: Mapping[str, Any], read: CollectReport, workspace: Workspace) -> CollectReport:
    """What all runs together have read, by what the earlier state tells and what was read now."""
    earlier = told["collected"]
    inputs = [InputReport(**one) for one in earlier["inputs"]] + list(read.inputs)
    register = tuple(AuthorisedUse.model_validate(use) for use in earlier["register"])
    ignored = [(str(name), str(column)) for name, column in earlier["columns_ignored"]]
    rows = workspace.rows("exchanges")
    return replace(
        read,
        inputs=tuple(sorted(inputs, key=lambda one: one.name)),
        absent_columns=both(earlier["absent_columns"], read.absent_columns),
        account_columns_absent=both(earlier["account_columns_absent"], read.account_columns_absent),
        register=read.register if "register" in read.given else register,
        policy=read.policy if "policy" in read.given else earlier["policy"],
        exchanges=rows,
        ids_suffixed=workspace.rows("given_ids"),
        columns_ignored=(*ignored, *read.columns_ignored),
        lost=tuple(told["lost"]),
    )


def both(earlier: Iterable[str], now: Sequence[str]) -> tuple[str, ...]:
    """Names that are in both, in the order of the second."""
    there = set(earlier)
    return tuple(name for name in now if name in there)


def fingerprint_on_top(workspace: Workspace, key: bytes, step: Step) -> None:
    """Fingerprint what is new, and write the table `fingerprints` of old and new exchanges."""
    found = signals()
    target = schema(found)
    work = partial(fingerprint_batch, found=found, key=key)
    if workspace.rows(ARRIVED):
        workspace.map("fingerprinted", ARRIVED, pieces(), work, target, partial(step, "fingerprint"))
    else:
        workspace.write("fingerprinted", target.empty_table())
    earlier = rows_under_new_ids(workspace.path("earlier_fingerprints"), target, new_ids(workspace))
    more = rows_under_new_ids(workspace.path("fingerprinted"), target, {})
    workspace.write_rows("fingerprints", chain(earlier, more), target, pieces().rows, lambda _: None)
    workspace.path("fingerprinted").unlink()


def rows_under_new_ids(path: Path, target: pa.Schema, renamed: Mapping[str, str]) -> Iterator[pa.Table]:
    """Rows of a file in order; exchanges have the ids that they have from now on."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(pieces().rows):
            table = pa.Table.from_batches([batch]).cast(target)
            if renamed:
                names = [renamed.get(name, name) for name in table["exchange_id"].to_pylist()]
                table = table.set_column(0, target.field("exchange_id"), pa.array(names, pa.string()))
            yield table
