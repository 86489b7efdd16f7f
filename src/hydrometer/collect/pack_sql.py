"""Compiles a mapping pack to one SELECT (two where it joins logs): record → fields → canonical columns → checked row.

A record is parsed once for all its fields, so the cost is that of reading JSON, not of the number of columns. Every
expression of a pack stands in `try(…)`: a value that it cannot handle is null, never the end of the run. Columns that
begin with an underscore are ours; a pack cannot name them. Source: DuckDB's dialect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from hydrometer.base.tables import INPUTS, TEXT, TEXTS
from hydrometer.collect.column_types import CONTENT_COLUMNS, CONTROLS, TEXT_COLUMNS, checked, engine_type
from hydrometer.collect.mapping_pack import MAIN, Pack

PLACE = "_source, _position, _item"
NOT_JSON = "is not valid JSON (cut short or damaged)"
NOT_OBJECT = "is JSON but not an object"
OUTSIDE = "outside --from/--to"
NO_STREAM = "belongs to none of the logs that the pack joins"
_ROW = f"{PLACE}, _record, _sha256"
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the user asked of every row: period [start, end), zone of naive times, content or not."""

    start: datetime | None = None
    end: datetime | None = None
    timezone: str | None = None
    content: bool = True


def quoted(text: str) -> str:
    """A SQL string literal.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def fields_select(pack: Pack, batches: str, source: str, blank: Sequence[str] = ()) -> str:
    """SELECT of the fields of each record of a relation.

    Args:
        pack: whose fields.
        batches: relation of records (`records.SCHEMA`).
        source: gives the number of a record's file.
        blank: fields that lose their words (`blanking.py`); of the record itself only its hash is handed on then.
    """
    fields = canonical_fields() if pack.input == "canonical" else pack.fields
    paths: list[str] = []
    columns = []
    for name, given in fields.items():
        aliases = [given] if isinstance(given, str) else given
        places = [f"_found[{len(paths) + number}]" for number in range(1, len(aliases) + 1)]
        paths += aliases
        found = f"coalesce({', '.join(places)})"
        columns.append(f"{f'blanked({found})' if name in blank else found} as {identifier(name)}")
    listed = ", ".join(map(quoted, paths))
    strict = pack.input == "canonical"
    extra = f", json_type(_record, [{listed}]) as _kinds, json_keys(_record) as _keys" if strict else ""
    unknown = ", ".join(map(quoted, INPUTS["exchanges"].names))
    record, reason = "sha256(_raw)" if blank else "_raw", _kind_reason(list(fields)) if strict else "_reason"
    kept = f", list_filter(_keys, lambda k: k not in ({unknown})) as _unknown" if strict else ""
    select = f"""
    with lines as (
        select {source} as _source, position as _position, item as _item, record as _record, sha256 as _sha256,
            case when reason is not null then reason when not json_valid(record) then {quoted(NOT_JSON)}
                 when json_type(record) <> 'OBJECT' then {quoted(NOT_OBJECT)} end as _reason from {batches}),
    sound as (select * replace (case when _reason is null then _record end as _record), _record as _raw from lines),
    parsed as (select *, json_extract_string(_record, [{listed}]) as _found{extra} from sound)
    select {PLACE}, {record} as _record, _sha256, {reason} as _reason{kept}, {", ".join(columns)} from parsed"""
    for name, text in pack.let.items():
        select = f"select *, try({text}) as {identifier(name)} from ({select})"
    return select


def canonical_fields() -> dict[str, str | list[str]]:
    """The canonical columns as fields of a JSON record."""
    return {name: f'$."{name}"' for name in INPUTS["exchanges"].names}


def _kind_reason(names: list[str]) -> str:
    """A canonical text must be a JSON string or number: anything else there was not meant as text."""
    schema = INPUTS["exchanges"]
    cases = " ".join(
        f"when _kinds[{number}] in ('OBJECT', 'ARRAY', 'BOOLEAN') then '{name} is not text'"
        for number, name in enumerate(names, start=1)
        if schema.field(name).type == TEXT
    )
    return f"case when _reason is not null then _reason {cases} end"


def mapped_select(pack: Pack, fields: str) -> str:
    """SELECT of the canonical columns (of whatever type) from a SELECT of fields without streams."""
    if pack.input == "canonical":
        names = ", ".join(map(identifier, INPUTS["exchanges"].names))
        return f"select {_ROW}, _reason, _unknown, {names} from ({fields})"
    return f"select {_ROW}, {_refusals(pack)} as _reason, {_expressions(pack)} from ({_derived(pack, fields)})"


def streamed_select(pack: Pack, fields: str) -> str:
    """SELECT of the fields with `_stream` and `_key`: which log a record belongs to, and what joins it."""
    streams = " ".join(
        f"when coalesce(try({stream.where}), false) then {quoted(name)}" for name, stream in pack.streams.items()
    )
    keys = " ".join(f"when {quoted(name)} then try(({stream.key})::varchar)" for name, stream in pack.streams.items())
    return f"""
    select *, case _stream {keys} end as _key from (
        select * replace (
            case when _reason is null and _stream is null then {quoted(NO_STREAM)} else _reason end as _reason)
        from (select *, case when _reason is null then case {streams} end end as _stream from ({fields})))"""


def joined_select(pack: Pack, rows: str) -> str:
    """SELECT of the canonical columns from a relation of streamed fields: each main record with what joins it."""
    parts = [f"streamed as (select * from {rows})"]
    joins, lacking = "", ""
    names = ", ".join(f"{identifier(name)} := {identifier(name)}" for name in (*pack.fields, *pack.let))
    for name, stream in pack.streams.items():
        if name == MAIN:
            continue
        alias = identifier(name)
        if stream.several:
            taken = f"select _key, list(struct_pack({names}) order by {PLACE}) as {alias}"
            group = "group by _key"
        else:
            taken = f"select _key, struct_pack({names}) as {alias}"
            group = f"qualify row_number() over (partition by _key order by {PLACE}) = 1"
        parts.append(f"{alias} as ({taken} from streamed where _stream = {quoted(name)} and _key is not null {group})")
        joins += f" left join {alias} using (_key)"
        if stream.required:
            lacking += f" when {alias} is null then {quoted(f'no record of the log {name} with its key')}"
    reason = _refusals(pack, lacking)
    main = f"select * from (select * from streamed where _stream = {quoted(MAIN)} or _reason is not null){joins}"
    return f"""with {", ".join(parts)}
    select {_ROW}, _key, {reason} as _reason, {_expressions(pack)} from ({_derived(pack, main)})"""


def _refusals(pack: Pack, lacking: str = "") -> str:
    cases = "".join(f" when coalesce(try({one.when}), false) then {quoted(one.reason)}" for one in pack.refuse)
    return f"case when _reason is not null then _reason{cases}{lacking} end"


def _derived(pack: Pack, select: str) -> str:
    """A SELECT with the pack's derived names added one after the other."""
    for name, text in pack.derive.items():
        select = f"select *, try({text}) as {identifier(name)} from ({select})"
    return select


def _expressions(pack: Pack) -> str:
    return ", ".join(f"try({text}) as {identifier(name)}" for name, text in pack.columns.items())


def checked_select(
    mapped: str, found: dict[str, str], limits: Limits, table: str = "exchanges", keep: tuple[str, ...] = ()
) -> str:
    """SELECT of one table's columns in their exact types, each row with `_reason` (null = sound) and `_sha256`.

    Args:
        mapped: SELECT with `_source`, `_position`, `_item`, `_record`, `_sha256`, `_reason` and some columns.
        found: engine type of each column of `mapped`.
        limits: what the user asked of every row.
        table: name of the schema in `base.tables.INPUTS`.
        keep: further columns of `mapped` to hand on.
    """
    values, problems = [], []
    for column in INPUTS[table]:
        raw = f"mapped.{identifier(column.name)}"
        result = checked(column, raw, found.get(column.name, '"NULL"'), limits.timezone)
        values.append(f"{stored(column, result.value, limits)} as {identifier(column.name)}")
        if not column.nullable:
            problems.append((_missing(column, raw, found), f"{column.name} is missing"))
        problems += result.problems
        if column.name == "sent_at":
            problems += _period(limits, result.value)
    cases = " ".join(f"when {condition} then {quoted(reason)}" for condition, reason in problems)
    identifiers = [column.name for column in INPUTS[table] if _is_identifier(column)]
    texts = [identifier(name) for name in identifiers if INPUTS[table].field(name).type == TEXT]
    lists = [f"array_to_string({identifier(n)}, '')" for n in identifiers if INPUTS[table].field(n).type == TEXTS]
    columns = ", ".join(_cleaned(column) for column in INPUTS[table])
    extra = "".join(f", {name}" for name in keep)
    return f"""
    with mapped as ({mapped}),
    valued as (select {PLACE}, _record, _sha256{extra}, {", ".join(values)},
        case when mapped._reason is not null then mapped._reason {cases} end as _reason from mapped),
    seen as (select *, regexp_matches(concat({", ".join(texts + lists)}), {quoted(CONTROLS)}) as _dirty from valued)
    select {PLACE}{extra}, {columns}, _reason, _dirty,
        {line_hash("_reason is not null", limits)} as _sha256 from seen"""


def sound_select(mapped: str, found: dict[str, str], limits: Limits) -> str:
    """The same rows as `checked_select` where no row of it has a reason or is dirty: the values and nothing else."""
    values = []
    for column in INPUTS["exchanges"]:
        value = checked(
            column, f"mapped.{identifier(column.name)}", found.get(column.name, '"NULL"'), limits.timezone
        ).value
        values.append(f"{stored(column, value, limits)} as {identifier(column.name)}")
    return f"""
    with mapped as ({mapped})
    select {PLACE}, {", ".join(values)}, null::varchar as _reason, null::varchar as _sha256 from mapped"""


def as_stored(found: dict[str, str], limits: Limits) -> bool:
    """Whether columns of these engine types, where nothing is wrong with a row, already are what is stored.

    >>> as_stored({"exchange_id": "VARCHAR", "turn": "BIGINT"}, Limits()), as_stored({"turn": "INTEGER"}, Limits())
    (True, False)
    """
    return limits.content and all(
        found.get(column.name, '"NULL"') in ('"NULL"', engine_type(column.type)) for column in INPUTS["exchanges"]
    )


def stored(column: pa.Field, value: str, limits: Limits) -> str:
    """SQL of what is kept of a value: without content no text, and of names of tools their numbers alone.

    >>> stored(INPUTS["exchanges"].field("tools"), "t", Limits(content=False))
    'list_transform(t, lambda _name, _number: _number::varchar)'
    """
    if limits.content or column.name not in CONTENT_COLUMNS:
        return value
    if column.type == TEXTS:
        return f"list_transform({value}, lambda _name, _number: _number::varchar)"
    return "null::varchar"


def line_hash(condition: str, limits: Limits) -> str:
    """SQL of the hash of a rejected line; none without content: a broken line may be nothing but a prompt."""
    return f"case when {condition} then coalesce(_sha256, sha256(_record)) end" if limits.content else "null::varchar"


def _missing(column: pa.Field, raw: str, found: dict[str, str]) -> str:
    if column.name not in found:
        return "true"
    blank = f" or trim({raw}) = ''" if found[column.name] == "VARCHAR" else ""
    return f"{raw} is null{blank}"


def _period(limits: Limits, sent_at: str) -> list[tuple[str, str]]:
    edges = []
    if limits.start is not None:
        edges.append(f"{sent_at} < timestamptz {quoted(limits.start.isoformat())}")
    if limits.end is not None:
        edges.append(f"{sent_at} >= timestamptz {quoted(limits.end.isoformat())}")
    return [(" or ".join(edges), OUTSIDE)] if edges else []


def _is_identifier(column: pa.Field) -> bool:
    return column.type in (TEXT, TEXTS) and column.name not in TEXT_COLUMNS


def _cleaned(column: pa.Field) -> str:
    """Identifiers lose their control characters, other columns stay as they are."""
    name = identifier(column.name)
    if not _is_identifier(column):
        return name
    if column.type == TEXT:
        return f"case when _dirty then {_without_controls(name)} else {name} end as {name}"
    return f"case when _dirty then list_transform({name}, lambda t: {_without_controls('t')}) else {name} end as {name}"


def _without_controls(text: str) -> str:
    return f"regexp_replace({text}, {quoted(CONTROLS)}, '{_REPLACEMENT}', 'g')"
