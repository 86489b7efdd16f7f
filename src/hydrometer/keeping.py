"""What of a run is kept for later ones: its state, as tables and a page of JSON, without anything that somebody wrote.

A later run reads the logs that came after and this, and nothing else. So all that decides and cannot be worked out from
fingerprints is kept beside them: what the report reads of the exchanges (`ledger`), the register of accounts under
pseudonyms, the tables beside the log, answers of looks, and templates as they were shown, masked. What can be worked
out again from these (entities, items, weeks) is; `docs/decisions/0031-incremental-runs.md` says why.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import hydrometer
from hydrometer.base import state
from hydrometer.base.pieces import Pieces, write_regrouped
from hydrometer.base.settings import Settings
from hydrometer.base.tables import INPUTS, TIME, schema
from hydrometer.base.workspace import Workspace
from hydrometer.collect.run import CollectReport
from hydrometer.collect.sources import TABLES
from hydrometer.fingerprint.entities import pseudonymous
from hydrometer.fingerprint.probe import probe
from hydrometer.prove.views import WORDINGS

STATE_ROWS = 65_536
"""Rows of a row group of a table that is kept."""
STATE_BYTES = 64 << 20
"""Bytes of exchanges that are read at once for it, about."""
BESIDE = tuple(name for name in TABLES if name != "accounts")
"""Tables beside the log that are kept as they are."""
PLAIN = (
    "exchange_id", "account_id", "organization_id", "api_key_id", "request_model", "response_model", "turn",
    "input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens", "choices", "status", "finish_reason",
    "input_modalities", "output_modalities", "tool_results",
)  # fmt: skip
"""Columns of `exchanges` that are read after the pass over text, and are kept as they are."""
LEDGER = schema(
    "exchange_id:s account_id:s organization_id:s api_key_id:s request_model:s response_model:s turn:i input_tokens:i "
    "output_tokens:i reasoning_tokens:i cached_tokens:i choices:i status:i finish_reason:s input_modalities:l "
    "output_modalities:l tool_results:i tools:i priced:b"
)
"""`tools` is how many there were and no name of one; `priced` whether the log says what the exchange cost."""


def keep(workspace: Workspace, folder: Path, shown: pa.Table, told: Mapping[str, Any], key: bytes) -> None:
    """Write the state of a run.

    Args:
        workspace: tables of the run; `moments` and `given_accounts` among them.
        folder: where to; it is made.
        shown: wordings of listed groups, masked.
        told: what `state.json` says beside its own entries.
        key: the deployment's key.
    """
    folder.mkdir()
    shutil.copyfile(workspace.path("fingerprints"), folder / "fingerprints.parquet")
    rewritten(workspace.path("account_weeks"), folder / "account_weeks.parquet")
    shutil.copyfile(workspace.path("origins"), folder / "origins.parquet")
    accounts: pa.Table = workspace.read("accounts", ["account_id", "organization_id"])
    pq.write_table(accounts, folder / "accounts.parquet", compression="zstd")
    write_regrouped(folder / "ledger.parquet", ledger(workspace), LEDGER, STATE_ROWS)
    register = workspace.read("given_accounts")
    if not workspace.has("earlier_register"):
        register = pseudonymous(register, key)
    pq.write_table(register, folder / "register.parquet", compression="zstd")
    for name in ("given_ids", "moments", "looks", *BESIDE):
        if workspace.has(name):
            rewritten(workspace.path(name), folder / f"{name}.parquet")
    pq.write_table(wordings(workspace, shown), folder / "wordings.parquet", compression="zstd")
    state.write(folder, dict(told))


def made(settings: Settings, *, content: bool) -> state.Made:
    """What fingerprints of this program under these settings are made with."""
    return state.Made(state.key_check(settings.key_bytes), content, probe())


def collected_json(collected: CollectReport) -> dict[str, Any]:
    """What `state.json` says of what was read: everything but what lies beside the log for others."""
    plain = asdict(collected)
    plain["register"] = [use.model_dump(mode="json") for use in collected.register]
    for name in ("labels", "given", "lost"):
        del plain[name]
    return plain


def said(settings: Settings, collected: CollectReport, *, content: bool, looked: str) -> dict[str, Any]:
    """What `state.json` says of a run beside its tables.

    Args:
        settings: what is in force.
        collected: what was read, earlier runs included.
        content: whether what people wrote was read.
        looked: hash of what decides the answers of looks (`resumption.looks_decided`).
    """
    return {
        "version": hydrometer.__version__, "made": asdict(made(settings, content=content)), "looked": looked,
        "collected": collected_json(collected), "lost": list(collected.lost),
    }  # fmt: skip


def ledger(workspace: Workspace) -> Iterator[pa.Table]:
    """The ledger of the table `exchanges`, piece by piece in its order."""
    wanted = pa.schema([INPUTS["exchanges"].field(name) for name in (*PLAIN, "tools", "cost_usd")])
    pieces = Pieces(wanted, (), STATE_ROWS, STATE_BYTES)
    for piece in (one for file in workspace.files("exchanges") for one in pieces.of(file)):
        columns = {name: piece[name] for name in PLAIN}
        columns["tools"] = pc.list_value_length(piece["tools"]).cast(pa.int64())
        columns["priced"] = pc.is_valid(piece["cost_usd"])
        yield pa.table([columns[field.name].cast(field.type) for field in LEDGER], schema=LEDGER)


def wordings(workspace: Workspace, shown: pa.Table) -> pa.Table:
    """Templates as they are masked in this run or, where it does not know them, in an earlier one."""
    known = {row["template_id"]: row["masked"] for row in shown.to_pylist()}
    earlier = workspace.read("earlier_wordings").to_pylist() if workspace.has("earlier_wordings") else []
    whole = {row["template_id"]: row["masked"] for row in earlier} | known
    return pa.Table.from_pylist([{"template_id": name, "masked": whole[name]} for name in sorted(whole)], WORDINGS)


def rewritten(source: Path, target: Path) -> None:
    """Copy a table so that its bytes depend on its rows alone, not on how an engine lays out a file."""
    with pq.ParquetFile(source) as file:
        schema_ = pa.schema([settled(field) for field in file.schema_arrow])
        tables: Iterable[pa.Table] = (pa.Table.from_batches([batch]).cast(schema_) for batch in file.iter_batches())
        write_regrouped(target, tables, schema_, STATE_ROWS)


def settled(field: pa.Field) -> pa.Field:
    """A column as it is kept: nulls allowed, times in microseconds of UTC."""
    plain: pa.Field = field.with_nullable(True)
    return plain.with_type(TIME) if pa.types.is_timestamp(field.type) else plain
