"""A state of an earlier form → the current one, the old one kept beside it; what it cannot tell is said, not made up.

Form 1 had fingerprints, weeks, origins and the accounts' organisations. All that is decided from fingerprints can be
worked out from it; what the report reads of exchanges beside them, the register of accounts and the tables beside the
log it never held. A run on top of such a state says so in its manifest, and answers as if those values were not known.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hydrometer.base import state
from hydrometer.base.errors import RunError
from hydrometer.base.pieces import write_regrouped
from hydrometer.base.settings import Settings
from hydrometer.base.tables import INPUTS, conform, from_rows
from hydrometer.base.tables import schema as columns
from hydrometer.earlier_looks import LOOKS
from hydrometer.fingerprint.run import schema, signals
from hydrometer.keeping import BESIDE, LEDGER, STATE_ROWS, made
from hydrometer.prove.views import MASK, WORDINGS

BACKUP = "state.schema-{version}"
UNFINISHED = "state.unfinished"
FROM_FINGERPRINTS = (
    "exchange_id", "account_id", "request_model", "turn", "input_tokens", "output_tokens", "finish_reason",
)  # fmt: skip
"""Columns of the ledger that fingerprints have, too."""
COLUMN_LOST = "column {} of exchanges"
TABLES_LOST = f"the tables beside the log (accounts, {', '.join(BESIDE)}), register and policy: give them again"
IDS_LOST = "which of the exchanges whose id was taken had which one"
ON_TRUST = "whether hydrometer {} made fingerprints as this version does, and the key: both are taken on trust"


def migrate(run: Path, settings: Settings) -> dict[str, Any]:
    """Bring the state of a run to the current form.

    Args:
        run: folder of the run.
        settings: what is in force; the key must be that of the run.

    Returns:
        `from` and `to` (forms), `backup` (name of the folder in the run, None where nothing was to be done) and `lost`.

    Raises:
        RunError: there is no state, it is of a later form, or its fingerprints have other columns than this program's.
    """
    give_back(run)
    version = state.version_of(run)
    if version == state.SCHEMA_VERSION or version is None or version > state.SCHEMA_VERSION:
        state.opened(run)
        return {"from": version, "to": version, "backup": None, "lost": []}
    new, backup = run / UNFINISHED, run / BACKUP.format(version=version)
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    lost = second_form(run, new, settings)
    if backup.exists():
        raise RunError(
            str(backup), "a backup from before", "a path that is free", "move it elsewhere, and migrate again"
        )
    (run / state.FOLDER).rename(backup)
    new.rename(run / state.FOLDER)
    return {"from": version, "to": state.SCHEMA_VERSION, "backup": backup.name, "lost": lost}


def give_back(run: Path) -> None:
    """Put a backup back where a migration was killed before the new state stood in its place."""
    for version in range(1, state.SCHEMA_VERSION):
        backup = run / BACKUP.format(version=version)
        if backup.is_dir() and not (run / state.FOLDER).exists():
            backup.rename(run / state.FOLDER)


def second_form(run: Path, folder: Path, settings: Settings) -> list[str]:
    """Write a state of form 2 from one of form 1; what it cannot tell, in words."""
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    refuse_others(run, manifest, settings)
    for name in state.FIRST_FORM:
        shutil.copyfile(run / state.FOLDER / f"{name}.parquet", folder / f"{name}.parquet")
    write_regrouped(folder / "ledger.parquet", ledger(folder), LEDGER, STATE_ROWS)
    empty = {
        "register": pa.schema([field.with_nullable(True) for field in INPUTS["accounts"]]).empty_table(),
        "given_ids": columns("exchange_id:s given_id:s").empty_table(),
        "moments": columns("epoch:i digest:i").empty_table(), "looks": LOOKS.empty_table(),
        "wordings": wordings(run),
    }  # fmt: skip
    for name, table in empty.items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    absent = manifest["columns_absent"]
    gone = [name for name in LEDGER.names if name in unknown() and name not in absent["exchanges"]]
    lost = [COLUMN_LOST.format(name) for name in gone] + [TABLES_LOST]
    lost += [IDS_LOST] if manifest["ids_suffixed"] else []
    lost.append(ON_TRUST.format(manifest["version"]))
    inputs = [{name: value for name, value in one.items() if name != "format"} for one in manifest["inputs"]]
    collected = {
        "inputs": inputs, "absent_columns": [*absent["exchanges"], *gone],
        "account_columns_absent": sorted(set(INPUTS["accounts"].names) - {"account_id", "organization_id"}),
        "register": [], "policy": {}, "columns_ignored": manifest["columns_ignored"],
    }  # fmt: skip
    state.write(folder, {
        "version": manifest["version"], "made": asdict(made(settings, content=not manifest["content_free"])),
        "looked": "", "collected": collected, "lost": lost,
    })  # fmt: skip
    return lost


def refuse_others(run: Path, manifest: dict[str, Any], settings: Settings) -> None:
    """Raise RunError where a state of form 1 was made with a key and there is none now, or has other columns."""
    if manifest["keyed"] != (settings.key is not None):
        found = "a run with a deployment's key" if manifest["keyed"] else "a run without a deployment's key"
        raise RunError(str(run), found, "the key that the run had", "set HYDROMETER_KEY as it was then")
    there = pq.read_schema(run / state.FOLDER / "fingerprints.parquet")
    target = schema(signals())
    if [(one.name, one.type) for one in there] != [(one.name, one.type) for one in target]:
        raise RunError(
            str(run), "fingerprints with other columns than this version's", "those of the same signals",
            "scan all logs again",
        )  # fmt: skip


def unknown() -> list[str]:
    """Columns of exchanges that form 1 does not hold."""
    known = {*FROM_FINGERPRINTS, "organization_id", "priced"}
    return [name for name in LEDGER.names if name not in known]


def ledger(folder: Path) -> Iterator[pa.Table]:
    """What fingerprints and accounts tell of the ledger; an exchange without a price may have had one of nothing."""
    accounts = pq.read_table(folder / "accounts.parquet")
    with pq.ParquetFile(folder / "fingerprints.parquet") as file:
        for batch in file.iter_batches(STATE_ROWS, columns=[*FROM_FINGERPRINTS, "micro_usd"]):
            table = pa.Table.from_batches([batch])
            places = pc.index_in(table["account_id"], value_set=accounts["account_id"].combine_chunks())
            owned = accounts["organization_id"].combine_chunks().take(places.combine_chunks())
            priced = pc.greater(table["micro_usd"], 0)
            yield conform(table.append_column("organization_id", owned).append_column("priced", priced), LEDGER)


def wordings(run: Path) -> pa.Table:
    """Templates that the run shows, masked."""
    rows = pq.read_table(run / "templates.parquet", columns=WORDINGS.names).to_pylist()
    known = {row["template_id"]: row["masked"] for row in rows if row["masked"] not in (None, MASK)}
    return from_rows([{"template_id": name, "masked": known[name]} for name in sorted(known)], WORDINGS)
