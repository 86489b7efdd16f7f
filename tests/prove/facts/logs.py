"""Small logs made by hand, read by the real stages, and the group whose facts are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from hydrometer.base.tables import INPUTS, conform
from hydrometer.base.workspace import Workspace
from hydrometer.fingerprint import entities, states
from hydrometer.fingerprint.lexicon import lexicon
from hydrometer.fingerprint.run import fingerprint, signals
from hydrometer.prove.subject import Subject, Surroundings, Words

START = datetime(2026, 3, 2, tzinfo=UTC)
Rows = Sequence[Mapping[str, Any]]


def quiet(stage: str, done: int, total: int | None) -> None:
    """Nobody is told of progress."""


def exchange(account: str, hours: float, **columns: object) -> dict[str, Any]:
    """One exchange; the id is given by `log`."""
    return {"account_id": account, "sent_at": START + timedelta(hours=hours), "user_agent": "sdk/1.0", **columns}


def log(workspace: Workspace, rows: Rows, accounts: Rows = (), **tables: Rows) -> None:
    """Write a log as collect does, and everything that later stages make of it before groups are formed."""
    listed = [{"exchange_id": f"e{number:06}"} | dict(row) for number, row in enumerate(rows)]
    workspace.write("exchanges", pa.Table.from_pylist(listed, schema=INPUTS["exchanges"]))
    known = {row["account_id"]: dict(row) for row in accounts}
    every = [known.get(one, {"account_id": one}) for one in sorted({row["account_id"] for row in rows} | set(known))]
    workspace.write("accounts", conform(pa.Table.from_pylist(every, schema=INPUTS["accounts"]), INPUTS["accounts"]))
    for name, given in tables.items():
        workspace.write(name, pa.Table.from_pylist([dict(row) for row in given], schema=INPUTS[name]))
    fingerprint(workspace, b"key", quiet)
    entities.write_units(workspace)
    entities.write_entities(workspace, signals(), b"key", quiet)
    states.write_states(workspace, tuple(lexicon().techniques))


def subject(workspace: Workspace, members: Iterable[str], policy: Mapping[str, Any] | None = None) -> Subject:
    """The group of these accounts, with all their exchanges."""
    names = pa.table({"account_id": pa.array(sorted(members), pa.string())})
    part = workspace.query(
        "select f.exchange_id, f.account_id, f.sent_us, coalesce(f.input_tokens, 0) as input_tokens, "
        "coalesce(f.output_tokens, 0) as output_tokens, f.micro_usd, f.techniques, f.capabilities, f.opening, "
        "f.closing, f.item, 1000000::bigint as millionths from {fingerprints} f semi join names using (account_id) "
        "order by f.exchange_id",
        names=names,
    )
    units = workspace.query("select account_id, unit, 1.0::double as probability from {units} "
                            "semi join names using (account_id) order by 1", names=names)  # fmt: skip
    around = Surroundings(
        workspace, Words(tuple(lexicon().techniques), tuple(lexicon().targets)), policy or {},
        [np.asarray(units["unit"].to_numpy(), np.int64)],
    )  # fmt: skip
    return Subject("c-1", workspace, part, units, around)
