"""Answers of looks that an earlier run kept, where they are still true: that is checked epoch by epoch, not believed.

A look at an epoch reads nothing that came after it, but for what these digests are taken of: a later exchange can show
that a conversation was handed over, an account may get an owner, a log may arrive late. So a run keeps a digest of all
rows that a look at each epoch adds to what the epoch before could see. An answer holds as long as the digests of its
epoch and of all before it are the same, under the same program, settings, register and calibration.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from hydrometer.base.state import State
from hydrometer.base.tables import INPUTS, schema
from hydrometer.base.workspace import Workspace
from hydrometer.fingerprint.entities import IDENTIFIERS
from hydrometer.looks import Listed
from hydrometer.moments import Known
from hydrometer.prove.metadata import PROMPTED, TOOLED

LOOKS = schema("epoch:i! group:i account_id:s")
"""Account of each group that a look at an epoch listed; a look that listed none has one row of nulls."""
REGISTER = ", ".join(
    f"a.{name} is not null" if name in IDENTIFIERS else f"a.{name}"
    for name in INPUTS["accounts"].names
    if name != "email_shape"
)
"""What a look reads of the register; what identifies is told by the entities, and here whether there is any."""
MOMENTS = f"""
with named as (select unit, min(account_id) as name from {{units}} group by unit),
met as (select layer, entity, unit, min(epoch) as epoch from {{entities}} group by all),
shared as (select layer, entity, min(epoch, 2)[2] as since from met group by all),
rows as (
  select greatest(epoch, since) as epoch, hash(name, layer, entity, epoch, exchanges) as row
    from {{entities}} join shared using (layer, entity) join named using (unit)
  union all select epoch, hash(name, country, client_type, language, exchanges) from {{places}} join named using (unit)
  union all select epoch, hash(name, item, opening, closing, techniques) from {{items}} join named using (unit)
  union all select began_us // {{epoch_us}}, hash(name, began_us) from {{bursts}} join named using (unit)
  union all select epoch, hash(name, u.declared, {REGISTER})
    from (select unit, min(epoch) as epoch from {{places}} group by unit) join named using (unit)
    join {{units}} u using (unit) join {{accounts}} a using (account_id)
  union all select sent_us // {{epoch_us}}, hash(exchange_id, account_id, sent_us, item) from {{fingerprints}}
)
select epoch, (sum(row::hugeint) % 9223372036854775783)::bigint as digest from rows group by epoch order by epoch
"""
"""One number an epoch, whatever the order of rows and the numbers of units; an entity counts once two units hold it."""


def write_moments(workspace: Workspace) -> None:
    """Write `moments`: epoch and digest of what a look at it adds to what one at the epoch before could see."""
    workspace.store("moments", MOMENTS)


def decided(program: Sequence[object], known: Known, calibration_sha256: str | None, workspace: Workspace) -> str:
    """Hash of what decides the answer of a look beside the tables that digests are taken of.

    Args:
        program: what computes (`resumption.program`).
        known: settings and register.
        calibration_sha256: of the calibration; None without one.
        workspace: holds `fingerprints`, of which the whole log says whether anybody writes prompts or offers tools.
    """
    settings = known.settings.model_dump(mode="json", include={"seed", "q", "epoch_hours", "minimum_accounts"})
    whole = [workspace.query(text).to_pylist()[0] for text in (PROMPTED, TOOLED)]
    told = [
        program,
        settings,
        known.register,
        calibration_sha256,
        [bool(value) for row in whole for value in row.values()],
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def still_true(state: State, workspace: Workspace, looked: str) -> dict[int, Listed]:
    """Epoch → units of each group that was listed at its end, for the answers of an earlier run that hold.

    Args:
        state: of the earlier run.
        workspace: tables of old and new logs, `moments` among them.
        looked: `decided` of this run.
    """
    if state.told["looked"] != looked:
        return {}
    changed = first_change(rows_of(workspace, "earlier_moments"), rows_of(workspace, "moments"))
    units = {row["account_id"]: row["unit"] for row in workspace.read("units", ["account_id", "unit"]).to_pylist()}
    groups: dict[int, dict[int, set[int]]] = {}
    for row in workspace.read("earlier_looks").to_pylist():
        if changed is None or row["epoch"] < changed:
            found = groups.setdefault(row["epoch"], defaultdict(set))
            if row["group"] is not None:
                found[row["group"]].add(units[row["account_id"]])
    return {epoch: [frozenset(found[number]) for number in sorted(found)] for epoch, found in groups.items()}


def rows_of(workspace: Workspace, name: str) -> dict[int, int]:
    """Epoch → digest of a table of moments."""
    return {row["epoch"]: row["digest"] for row in workspace.read(name).to_pylist()}


def first_change(earlier: dict[int, int], now: dict[int, int]) -> int | None:
    """First epoch of which two tables of moments say something else; None where there is none.

    >>> first_change({1: 5, 2: 6}, {1: 5, 2: 7, 3: 1}), first_change({1: 5}, {0: 2, 1: 5}), first_change({}, {})
    (2, 0, None)
    """
    return min((epoch for epoch in earlier.keys() | now.keys() if earlier.get(epoch) != now.get(epoch)), default=None)


def write_looks(workspace: Workspace, answers: dict[int, Listed]) -> None:
    """Write `looks`: the answers that are known at the end of a run, by accounts."""
    accounts: dict[int, list[str]] = defaultdict(list)
    for row in workspace.query("select unit, account_id from {units} order by 1, 2").to_pylist():
        accounts[row["unit"]].append(row["account_id"])
    rows: list[dict[str, Any]] = []
    for epoch, listed in sorted(answers.items()):
        rows += [{"epoch": epoch, "group": None, "account_id": None}] if not listed else []
        rows += [
            {"epoch": epoch, "group": number, "account_id": account}
            for number, units in enumerate(listed)
            for unit in sorted(units)
            for account in accounts[unit]
        ]
    workspace.write("looks", pa.Table.from_pylist(rows, LOOKS))
