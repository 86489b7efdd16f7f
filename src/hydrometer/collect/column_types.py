"""Brings an expression's value to a canonical column's type, and says in words what is wrong where it cannot.

Nothing is guessed: a fraction is no integer, a time without an offset is refused unless the user names its zone, a
server's count below zero is refused. Parameters that a client chooses (limits, temperature) may have any number: else a
client could hide traffic by asking for nonsense. Source: the contract, section 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from hydrometer.base.tables import FLAG, INT, REAL, TEXT, TEXTS, TIME

EARLIEST, LATEST = "2015-01-01", "2090-01-01"
"""Sane times; half-open. No language model was served before, and no clock of ours is asked."""
TEXT_COLUMNS = ("system_instructions", "prompt", "response")
"""Columns that hold what people wrote; kept byte for byte, and null without content."""
CONTENT_COLUMNS = (*TEXT_COLUMNS, "tools")
"""What a content-free scan keeps out: what people and models wrote, and names of tools, of which the number is kept."""
COUNTED = (
    "turn input_tokens output_tokens reasoning_tokens cached_tokens tool_results latency_ms cost_usd asn status".split()
)
CONTROLS = r"[\x00-\x1f\x7f-\x{9f}\x{200b}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}\x{feff}]"
"""Control characters, terminal escapes and invisible or direction-changing marks: U+FFFD in identifiers."""
_OFFSET = r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*([zZ]|UTC|[+-]\d{2}(:?\d{2})?)$"
_EXACT_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_ZONED_TIMES = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")
_NAIVE_TIMES = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE")


@dataclass(frozen=True, slots=True)
class Checked:
    """SQL of a value in its canonical type (null where wrong), and conditions with the reason each stands for."""

    value: str
    problems: tuple[tuple[str, str], ...]


def checked(column: pa.Field, name: str, found: str, timezone: str | None) -> Checked:
    """How `name`, of the engine type `found`, becomes `column`.

    Args:
        column: canonical name and type.
        name: SQL of the value, a plain column reference.
        found: DuckDB type of that value.
        timezone: IANA zone of times without an offset; None refuses them.
    """
    if found == '"NULL"':
        return Checked(f"null::{engine_type(column.type)}", ())
    if found == "JSON":
        name, found = f"({name}->>'$')", "VARCHAR"
    maker = {TEXT: _text, INT: _integer, REAL: _real, FLAG: _flag, TEXTS: _texts}.get(column.type)
    result = maker(column.name, name, found) if maker else _time(column.name, name, found, timezone)
    if column.name not in COUNTED:
        return result
    negative = (f"{result.value} < 0", f"{column.name} is negative")
    return Checked(result.value, (*result.problems, negative))


def engine_type(kind: pa.DataType) -> str:
    """The engine's type of a canonical type, as it names it itself.

    >>> engine_type(TIME)
    'TIMESTAMP WITH TIME ZONE'
    """
    names = {TEXT: "VARCHAR", INT: "BIGINT", REAL: "DOUBLE", FLAG: "BOOLEAN", TEXTS: "VARCHAR[]", TIME: _ZONED_TIMES[0]}
    return names[kind]


def _failed(column: str, name: str, value: str, kind: str) -> tuple[tuple[str, str], ...]:
    return ((f"{name} is not null and {value} is null", f"{column} is not {kind}"),)


def _text(column: str, name: str, found: str) -> Checked:
    if found == "VARCHAR":
        return Checked(name, ())
    if found == "BLOB":
        value = f"try(decode({name}))"
        return Checked(value, _failed(column, name, value, "valid UTF-8"))
    if found.endswith("]") or found.startswith(("STRUCT", "MAP")):
        return Checked("null::varchar", ((f"{name} is not null", f"{column} is not text"),))
    return Checked(f"{name}::varchar", ())


def _integer(column: str, name: str, found: str) -> Checked:
    if found in _EXACT_INTEGERS:
        return Checked(name if found == "BIGINT" else f"{name}::bigint", ())
    whole = f"try_cast({name} as double) = trunc(try_cast({name} as double))"
    if found == "VARCHAR":
        whole = f"(not regexp_matches({name}, '[.eExX_]') or ({whole} and not regexp_matches({name}, '[xX_]')))"
    value = f"case when {whole} then try_cast({name} as bigint) end"
    return Checked(value, _failed(column, name, value, "a whole number"))


def _real(column: str, name: str, found: str) -> Checked:
    number = name if found == "DOUBLE" else f"try_cast({name} as double)"
    value = f"case when isfinite({number}) then {number} end"
    return Checked(value, _failed(column, name, value, "a finite number"))


def _flag(column: str, name: str, found: str) -> Checked:
    if found == "BOOLEAN":
        return Checked(name, ())
    value = f"case when lower({name}::varchar) in ('true', 'false') then try_cast({name} as boolean) end"
    return Checked(value, _failed(column, name, value, "true or false"))


def _texts(column: str, name: str, found: str) -> Checked:
    if found == "VARCHAR[]":
        return Checked(name, ())
    if found == "VARCHAR":
        as_json, as_text = f"try_cast({name}::json as varchar[])", f"try_cast({name} as varchar[])"
        value = f"case when json_valid({name}) then {as_json} else {as_text} end"
    else:
        value = f"try_cast({name} as varchar[])"
    return Checked(value, _failed(column, name, value, "a list of texts"))


def _time(column: str, name: str, found: str, timezone: str | None) -> Checked:
    naive_value = f"timezone('{timezone}', {{}})" if timezone else "null::timestamptz"
    refused = f"{column} has no time zone (--timezone names one)"
    if found in _ZONED_TIMES:
        value = name if found == _ZONED_TIMES[0] else f"{name}::timestamptz"
        return Checked(value, _window(column, value))
    if found in _NAIVE_TIMES:
        value = naive_value.format(f"{name}::timestamp")
        problems = () if timezone else ((f"{name} is not null", refused),)
        return Checked(value, (*problems, *_window(column, value)))
    if found != "VARCHAR":
        return Checked("null::timestamptz", ((f"{name} is not null", f"{column} is not a time"),))
    zoned = f"regexp_matches({name}, '{_OFFSET}')"
    read = f"try_cast({name} as timestamp)"
    value = f"case when {zoned} then try_cast({name} as timestamptz) else {naive_value.format(read)} end"
    wrong = _failed(column, name, f"try_cast({name} as timestamptz)", "a time")
    naive = () if timezone else ((f"{name} is not null and not {zoned}", refused),)
    return Checked(value, (*wrong, *naive, *_window(column, value)))


def _window(column: str, value: str) -> tuple[tuple[str, str], ...]:
    outside = f"not ({value} >= timestamptz '{EARLIEST} 00:00:00+00' and {value} < timestamptz '{LATEST} 00:00:00+00')"
    return ((outside, f"{column} is outside {EARLIEST} to {LATEST}"),)
