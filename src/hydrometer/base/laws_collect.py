"""The laws of mapping packs: what a line says is kept, what it does not say is not made up, and all lines are counted.

They run on a pack's own samples, so that `hydrometer check` holds a pack from outside to them with no further input.
Source: the architecture, section 6; the contract, sections 1 and 2.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import chain
from typing import Any, Protocol

import pyarrow as pa

from hydrometer.base.laws import same, shown
from hydrometer.base.tables import INPUTS

Record = dict[str, Any]
UNLISTED = "hydrometer_unlisted"
GUESS = "hydrometer-guess-7f3a"
"""A field that no pack knows, and a value that no column may therefore hold."""
BROKEN = b'{"cut short": "in the mid'
BROKEN_POSITION = 2
ZONED = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
HEXADECIMAL = re.compile(r"[0-9a-f]{16}|[0-9a-f]{32}")
"""Ids of spans and traces; other ids may repeat, and get a suffix."""
OTHER_ZONE = timezone(timedelta(hours=5, minutes=30))
TOLERANCE = 1e-9
STATED = (
    "account_id", "organization_id", "api_key_id", "end_user_id", "client_ip", "country", "user_agent", "ja4",
    "header_shape", "request_model", "response_model", "temperature", "top_p", "max_tokens", "choices",
    "thinking_budget",
)  # fmt: skip
"""Columns whose value must stand in the record: other ones may be counted or concluded from it."""


class SampleLike(Protocol):
    """Records and what they must give."""

    @property
    def records(self) -> list[Record]: ...
    @property
    def expect(self) -> list[Record]: ...
    @property
    def rejects(self) -> list[str]: ...


class PackLike(Protocol):
    """What the laws ask of a mapping pack."""

    @property
    def name(self) -> str: ...
    @property
    def input(self) -> str: ...
    @property
    def samples(self) -> Sequence[SampleLike]: ...


@dataclass(frozen=True, slots=True)
class Gathered:
    """What one file gave.

    Attributes:
        exchanges: rows of the table `exchanges`, in the order of their ids.
        rejects: rows of the table `rejects`.
        counts: per input (read, kept, rejected, duplicate); empty where no row was kept.
        ignored: columns that were kept out.
        types: canonical column → its Arrow type.
    """

    exchanges: tuple[Record, ...]
    rejects: tuple[Record, ...]
    counts: tuple[tuple[int, int, int, int], ...]
    ignored: tuple[str, ...]
    types: Mapping[str, pa.DataType]


Gather = Callable[[Sequence[bytes]], Gathered]
"""Lines of one file → what the pack makes of them."""
PackLaw = Callable[[PackLike, Gather], list[str]]


def a_line_round_trips(pack: PackLike, gather: Gather) -> list[str]:
    """Each sample gives what it says, alone and once more; its records are accounted for."""
    told: list[str] = []
    for number, sample in enumerate(pack.samples, start=1):
        lines = _lines(sample.records)
        found, again = gather(lines), gather(lines)
        what = f"sample {number}"
        if found != again:
            told.append(f"{what}: two readings differ")
        reasons = sorted(str(row["reason"]) for row in found.rejects)
        if reasons != sorted(sample.rejects):
            told.append(f"{what}: rejects are {shown(reasons)}, expected {shown(sorted(sample.rejects))}")
        expected = sorted(sample.expect, key=lambda row: str(row.get("exchange_id")))
        if len(found.exchanges) != len(expected):
            told.append(f"{what}: {len(found.exchanges)} exchanges, expected {len(expected)}")
        for row, wanted in zip(found.exchanges, expected, strict=False):
            told += [
                f"{what}: {column} is {shown(row.get(column))}, expected {shown(value)}"
                for column, value in wanted.items()
                if not _agree(row.get(column), value)
            ]
    return told if pack.samples else ["it has no sample"]


def unknown_fields_are_kept_out(pack: PackLike, gather: Gather) -> list[str]:
    """A field that the pack does not know changes no column; the canonical pack names it among those kept out."""
    plain, more = gather(_lines(_records(pack))), gather(_lines(_with_strangers(_records(pack))))
    told = _changes("with unknown fields", more, plain)
    for row in more.exchanges:
        told += [f"{column} is the value of an unknown field" for column, value in row.items() if GUESS in str(value)]
    if pack.input == "canonical" and UNLISTED not in more.ignored:
        told.append("an unknown column is not reported as kept out")
    return told


def nothing_is_guessed(pack: PackLike, gather: Gather) -> list[str]:
    """A record that lacks a field gives null or another value that is stated, never one that stands nowhere."""
    variants = [records for sample in pack.samples if sample.expect for records in _without_one_field(sample.records)]
    lines = _lines([record for records in variants for record in records])
    said = b"\n".join(lines).decode()
    told = [
        f"{column} is {shown(row[column])} where the record does not say so"
        for row in gather(lines).exchanges
        for column in STATED
        if row[column] is not None and not _stated(row[column], said)
    ]
    return list(dict.fromkeys(told))


def times_are_utc(pack: PackLike, gather: Gather) -> list[str]:
    """Columns have the contract's types (times in UTC), and the zone in which a time is written changes nothing."""
    plain = gather(_lines(_records(pack)))
    told = [
        f"{field.name} has type {plain.types.get(field.name)}, expected {field.type}"
        for field in INPUTS["exchanges"]
        if plain.types.get(field.name) != field.type
    ]
    return told + _changes("with times written in another zone", gather(_lines(_rezoned(_records(pack)))), plain)


def every_row_is_accounted_for(pack: PackLike, gather: Gather) -> list[str]:
    """Read = kept + rejected + duplicate, also with a line that is broken and with lines that come twice."""
    lines = _lines(_records(pack))
    told: list[str] = []
    plain = gather(lines)
    for what, given in (
        ("its samples", lines),
        ("with a broken line", [*lines, BROKEN]),
        ("with lines twice", lines * 2),
    ):
        found = gather(given)
        for read, kept, rejected, duplicate in found.counts:
            if read != kept + rejected + duplicate or min(read, kept, rejected, duplicate) < 0:
                told.append(f"{what}: read {read} is not kept {kept} + rejected {rejected} + duplicate {duplicate}")
        if sum(count[0] for count in found.counts) < len(given):
            told.append(f"{what}: {len(given)} lines, {sum(count[0] for count in found.counts)} read")
        if len(found.exchanges) != len(plain.exchanges):
            told.append(f"{what}: {len(found.exchanges)} exchanges, expected {len(plain.exchanges)}")
    return told


def a_broken_line_is_located(pack: PackLike, gather: Gather) -> list[str]:
    """A line that is cut short is one reject with its place, a reason and a hash, and takes no other line with it."""
    lines = _lines(_records(pack))
    before, after = gather(lines), gather([*lines[: BROKEN_POSITION - 1], BROKEN, *lines[BROKEN_POSITION - 1 :]])
    told = _changes("with a broken line", after, before)
    new = [row for row in after.rejects if row["position"] == BROKEN_POSITION]
    if len(after.rejects) != len(before.rejects) + 1:
        told.append(f"a broken line gives {len(after.rejects) - len(before.rejects)} more rejects, expected 1")
    if not any(row["reason"] and row["sha256"] for row in new):
        told.append(f"no reject with reason and hash at line {BROKEN_POSITION}")
    return told


LAWS: tuple[PackLaw, ...] = (
    a_line_round_trips,
    unknown_fields_are_kept_out,
    nothing_is_guessed,
    times_are_utc,
    every_row_is_accounted_for,
    a_broken_line_is_located,
)


def canonical_lines_round_trip(pack: PackLike, gather: Gather, canonical: Gather) -> list[str]:
    """What a pack makes of its samples, written as canonical lines and read again, is the same."""
    found = gather(_lines(_records(pack)))
    lines = [json.dumps(row, default=_isoformat).encode() for row in found.exchanges]
    return _changes("written as canonical lines and read again", canonical(lines), found)


def violations(pack: PackLike, gather: Gather) -> list[str]:
    """All that a pack breaks, each with the law's name before it."""
    return [f"{law.__name__}: {problem}" for law in LAWS for problem in law(pack, gather)]


def _records(pack: PackLike) -> list[Record]:
    return list(chain.from_iterable(copy.deepcopy(sample.records) for sample in pack.samples))


def _lines(records: Sequence[Any]) -> list[bytes]:
    return [json.dumps(record, ensure_ascii=False, default=_isoformat).encode() for record in records]


def _isoformat(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _agree(found: Any, expected: Any) -> bool:
    """Equality in which a time may be written as text and a number may be off by the last digit."""
    if isinstance(found, datetime):
        return found == datetime.fromisoformat(str(expected))
    if isinstance(found, float) and isinstance(expected, int | float):
        return abs(found - expected) <= TOLERANCE * max(1.0, abs(found))
    return same(found, expected)


def _changes(what: str, found: Gathered, expected: Gathered) -> list[str]:
    if len(found.exchanges) != len(expected.exchanges):
        return [f"{what}: {len(found.exchanges)} exchanges, expected {len(expected.exchanges)}"]
    return [
        f"{what}: {column} is {shown(row[column])}, expected {shown(value)}"
        for row, wanted in zip(found.exchanges, expected.exchanges, strict=True)
        for column, value in wanted.items()
        if not _agree(row[column], value)
    ]


def _with_strangers(records: list[Record]) -> list[Record]:
    """The records with a field at their top that no pack knows, written before and after all others."""
    return [{UNLISTED: GUESS, **record, f"{UNLISTED}_too": {"model": GUESS, "ip": GUESS}} for record in records]


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all values inside a record that hold no others."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inside = [leaf for key, member in members for leaf in _leaves(member, (*path, key))]
    yield from inside or ([path] if path else [])


def _stated(value: Any, said: str) -> bool:
    """Whether a column's value stands in the records: as text, or as the number that it is."""
    texts = [f"{value:g}", repr(value), str(int(value))] if isinstance(value, float) else [str(value)]
    return any(json.dumps(text, ensure_ascii=False)[1:-1] in said for text in texts)


def _without_one_field(records: Sequence[Record]) -> Iterator[list[Record]]:
    """The records, each time without another one of their values and with ids of their own: none is a repetition."""
    places = [(number, path) for number, record in enumerate(records) for path in _leaves(record)]
    for variant, (number, path) in enumerate(places):
        changed: list[Record] = _with_own_ids(copy.deepcopy(list(records)), str(variant))
        holder: Any = changed[number]
        for key in path[:-1]:
            holder = holder[key]
        del holder[path[-1]]
        yield changed


def _with_own_ids(value: Any, variant: str) -> Any:
    """The same records with other hexadecimal ids, equal ones staying equal: logs that are joined stay joined."""
    if isinstance(value, dict):
        return {key: _with_own_ids(member, variant) for key, member in value.items()}
    if isinstance(value, list):
        return [_with_own_ids(member, variant) for member in value]
    if isinstance(value, str) and HEXADECIMAL.fullmatch(value):
        return hashlib.blake2b(f"{variant}:{value}".encode(), digest_size=32).hexdigest()[: len(value)]
    return value


def _rezoned(value: Any) -> Any:
    """The same records with every time that names its zone written in another one."""
    if isinstance(value, dict):
        return {key: _rezoned(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_rezoned(member) for member in value]
    if isinstance(value, str) and ZONED.fullmatch(value):
        return datetime.fromisoformat(value).astimezone(OTHER_ZONE).isoformat()
    return value
