"""Reads what lies beside the traffic: accounts, releases, enforcement, terms, timelines, authorised uses.

These are the provider's own files, but they pass the same checks as traffic; a row that cannot be used is a reject
under the file's name. `accounts` in the workspace has one row per account seen anywhere, so that later rooms need no
other list.
Source: the contract, section 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from hydrometer.base.errors import UsageError
from hydrometer.base.shortage import is_shortage
from hydrometer.base.tables import INPUTS, OUTPUTS, from_rows
from hydrometer.base.workspace import Workspace
from hydrometer.collect import detect as detection
from hydrometer.collect.detect import PARQUET
from hydrometer.collect.pack_sql import Limits, checked_select, identifier, quoted
from hydrometer.collect.policy import read_yaml
from hydrometer.collect.reading import UnreadableError
from hydrometer.collect.staging import NOT_PARQUET, Mapper, parquet_rows, sourced

_RELATION = "{relation}"
KEYS = {
    "accounts": ("account_id",), "releases": ("model", "released_at"),
    "enforcement": ("account_id", "acted_at", "action", "reason"), "terms": ("version", "clause"),
    "acceptances": ("account_id", "version", "accepted_at"), "actor_timeline": ("actor", "event", "happened_at"),
}  # fmt: skip
"""What makes a row of a table the same as another; the first is kept, the others are rejects."""
REPEATED = {
    "accounts": "a second row for this account; the first is kept",
    "releases": "a second row for this model and time; the first is kept",
    "enforcement": "the same action a second time; the first is kept",
    "terms": "a second row for this clause of this version; the first is kept",
    "acceptances": "the same acceptance a second time; the first is kept",
    "actor_timeline": "the same event a second time; the first is kept",
}
_NUMBER = "row_number() over (partition by {keys} order by file_index, _position)"


class AuthorisedUse(BaseModel):
    """One entry of register.yaml: who may do what until when, and who said so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    organization_id: str | None = None
    account_id: str | None = None
    purpose: Literal["distillation", "evaluation", "safety_research", "education", "resale"]
    scope: str | None = None
    expires_at: datetime | date | None = None
    approved_by: str | None = None

    @model_validator(mode="after")
    def _names_someone(self) -> AuthorisedUse:
        if self.organization_id is None and self.account_id is None:
            raise ValueError("names neither organization_id nor account_id")
        return self


@dataclass(frozen=True, slots=True)
class Beside:
    """Tables beside the traffic as staged files, and the rejects of reading them."""

    files: dict[str, list[Path]]
    rejects: pa.Table


def read_tables(found: dict[str, list[Path]], mapper: Mapper, limits: Limits) -> Beside:
    """Check the tables beside the traffic and stage their sound rows."""
    files: dict[str, list[Path]] = {}
    rejects = [from_rows([], OUTPUTS["rejects"])]
    for table in KEYS:
        names = []
        for number, path in enumerate(found.get(table, ())):
            try:
                staged = _stage_table(path, table, f"{table}-{number}", mapper, limits)
                files.setdefault(table, []).append(staged)
                names.append(path.name)
            except UnreadableError as problem:
                row = {"source": path.name, "position": 0, "reason": str(problem), "sha256": None}
                rejects.append(from_rows([row], OUTPUTS["rejects"]))
        if names:
            rejects.append(_rejected(files[table], names, table))
    return Beside(files, pa.concat_tables(rejects))


def _stage_table(path: Path, table: str, name: str, mapper: Mapper, limits: Limits) -> Path:
    shape = detection.shape_of(path, mapper.folder)
    ours = (
        "0 as _source, {position} as _position, 0 as _item, {record} as _record, {sha256} as _sha256,"
        " {reason} as _reason"
    )
    null = "null::varchar"
    if shape.kind == PARQUET:
        parquet_rows(shape.path)
        columns = [column for column in pq.read_schema(shape.path).names if column in INPUTS[table].names]
        place = ours.format(position="file_row_number + 1", record=null, sha256=null, reason=null)
        listed = "".join(f", {identifier(column)}" for column in columns)
        mapped = f"select {place}{listed} from read_parquet({quoted(str(shape.path.absolute()))})"
        batches = None
    else:
        records = detection.sample_records(shape)
        columns = [name for name in INPUTS[table].names if not records or any(name in one for one in records)]
        place = ours.format(position="position", record="record", sha256="sha256", reason="reason")
        listed = "".join(
            f""", json_extract_string(record, '$."{column}"') as {identifier(column)}""" for column in columns
        )
        mapped = f"select {place}{listed} from {_RELATION}"
        batches = sourced([(0, shape)], otlp=False)
    missing = [column.name for column in INPUTS[table] if not column.nullable and column.name not in columns]
    if missing:
        raise UnreadableError(f"has no column {', '.join(missing)}")
    types = mapper.types(mapped.replace(_RELATION, "no_records"))
    select = checked_select(mapped.replace(_RELATION, "records_now"), types, Limits(timezone=limits.timezone), table)
    try:
        return mapper.write(name, select, batches)
    except duckdb.Error as problem:
        if is_shortage(problem):
            raise
        raise UnreadableError(NOT_PARQUET) from problem


def _rejected(files: Sequence[Path], names: Sequence[str], table: str) -> pa.Table:
    """Rows that are wrong, and those whose key an earlier row has.

    Args:
        files: staged files of one table.
        names: name of each.
        table: name of the table.
    """
    named = ", ".join(map(quoted, names))
    staged = f"(select *, file_index from {_scan(files)})"
    number = _NUMBER.format(keys=", ".join(KEYS[table]))
    select = f"""
        with numbered as (select *, _reason is null and {number} > 1 as _again from {staged}),
        sound as (select * replace (
            case when _again then {quoted(REPEATED[table])} else _reason end as _reason) from numbered)
        select list_extract([{named}], file_index::bigint + 1) as source, _position as position, _reason as reason,
            _sha256 as sha256 from sound where _reason is not null"""
    with duckdb.connect() as connection:
        found: pa.Table = connection.sql(select).to_arrow_table()
    return found.cast(OUTPUTS["rejects"])


def write_tables(beside: Beside, workspace: Workspace) -> None:
    """Write the tables that were given (`given_accounts` too), and `accounts`: one row per account seen anywhere."""
    for table in KEYS:
        if table in beside.files and table != "accounts":
            columns = ", ".join(map(identifier, INPUTS[table].names))
            workspace.store(table, f"select {columns} from {_sound(beside.files[table], table)} order by all")
    named = ", ".join(map(identifier, INPUTS["accounts"].names))
    given = _sound(beside.files.get("accounts", []), "accounts")
    workspace.store("given_accounts", f"select {named} from {given} order by account_id")
    write_accounts(workspace)


def write_accounts(workspace: Workspace) -> None:
    """Write `accounts` of those that `given_accounts` names and those that `exchanges` shows."""
    columns = ", ".join(
        identifier(name) for name in INPUTS["accounts"].names if name not in ("account_id", "organization_id")
    )
    workspace.store(
        "accounts",
        f"""with seen as (
                select account_id, min(organization_id) as organization_id from {{exchanges}} group by account_id),
            given as (from {{given_accounts}})
            select account_id, coalesce(given.organization_id, seen.organization_id) as organization_id, {columns}
            from seen full join given using (account_id) order by account_id""",
    )


def _sound(files: Sequence[Path], table: str) -> str:
    """Relation of the usable rows, the first of each key."""
    if not files:
        types = ", ".join(f"null::{_engine(column.type)} as {identifier(column.name)}" for column in INPUTS[table])
        return f"(select {types} where false)"
    number = _NUMBER.format(keys=", ".join(KEYS[table]))
    return f"(select * from {_scan(files)} where _reason is null qualify {number} = 1)"


def _scan(files: Sequence[Path]) -> str:
    """Relation of all rows of staged files."""
    return f"read_parquet([{', '.join(quoted(str(path)) for path in files)}])"


def _engine(kind: pa.DataType) -> str:
    return "timestamptz" if pa.types.is_timestamp(kind) else "varchar"


def read_register(path: Path | None) -> tuple[AuthorisedUse, ...]:
    """Entries of register.yaml.

    Raises:
        UsageError: it cannot be read or an entry breaks the form; all problems at once.
    """
    content = read_yaml(path)
    entries = content if isinstance(content, list) else [] if content is None else [content]
    problems, uses = [], []
    for number, entry in enumerate(entries, start=1):
        try:
            uses.append(AuthorisedUse.model_validate(entry))
        except ValidationError as problem:
            problems += [f"entry {number}: {'.'.join(map(str, one['loc']))} {one['msg']}" for one in problem.errors()]
    if problems:
        raise UsageError(
            str(path),
            "; ".join(problems),
            "a list of authorised uses (purpose, who, until when)",
            "mend the entries named",
        )
    return tuple(uses)
