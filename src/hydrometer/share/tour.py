"""The tour: how one real thing got from a log line to its verdict, in six hops, each with what is known of it there.

log line → collect → fingerprint → link → prove → verdict. The hops are fixed; what a hop says comes from the run's
tables and from the state that a scan keeps beside them (`state/*.parquet`), of which only columns without content are
read. A hop of which nothing is known says so. Source: the architecture, section 7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from hydrometer.share import wording
from hydrometer.share.explanation_lines import verdict
from hydrometer.share.run_tables import Case, Row
from hydrometer.share.waterfall import title

HOPS = ("log line", "collect", "fingerprint", "link", "prove", "verdict")
STATE = "state"
LINE_COLUMNS = ("source", "position", "pack")
COLLECT_COLUMNS = ("sent_at", "sent_us", "account_id", "pathway", "operation", "request_model")
FINGERPRINT_COLUMNS = ("template_id", "skeleton", "opening", "words")
UNKNOWN = "the run keeps nothing about this step"
LARGEST_PLAIN = 2**32
"""Whole numbers beyond it are hashes and are shown in base 16."""
MICROSECONDS = 1e6
EVIDENCE_NAMED = 4
"""Rows of evidence that a tour names, shared among the groups of the thing."""
LINES = "lines"
"""What `kept` calls the rows of inputs that went into an exchange: several where logs were joined."""
LINES_SHOWN = 4
NAMES = {
    "account_id": "account", "sent_at": "sent", "request_model": "model", "skeleton": "form of the prompt",
    "opening": "opening words", "words": "number of words", "template_id": "template",
}  # fmt: skip
"""Columns whose names would not be understood."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of the tour and what is known of the thing there."""

    step: str
    text: str


def kept(run: Path, column: str, identifier: str) -> Row | None:
    """What the run's state keeps of one exchange or account: columns without content, from all tables that have it.

    Args:
        run: the run folder.
        column: `exchange_id` or `account_id`.
        identifier: the value to look for.
    """
    found: Row | None = None
    lines: set[tuple[Any, ...]] = set()
    for path in sorted((run / STATE).glob("*.parquet")):
        names = _columns(path)
        if names.get(column) != pa.string():
            continue
        wanted = [name for name in (column, *LINE_COLUMNS, *COLLECT_COLUMNS, *FINGERPRINT_COLUMNS) if name in names]
        rows = (
            ds.dataset(path)
            .scanner(columns=list(dict.fromkeys(wanted)), filter=pc.field(column) == identifier)
            .head(LINES_SHOWN)
            .to_pylist()
        )
        if rows:
            found = {**rows[0], **(found or {})}
        lines |= {tuple(row.get(name) for name in LINE_COLUMNS) for row in rows if row.get("source") is not None}
    return None if found is None else {**found, LINES: sorted(lines, key=str)}


def _columns(path: Path) -> dict[str, pa.DataType]:
    """Names and types of columns; none where the file is damaged."""
    try:
        return {field.name: field.type for field in pq.read_schema(path)}
    except (OSError, pa.ArrowException):
        return {}


def example(run: Path, campaign_id: str, account_id: str | None = None) -> str | None:
    """The exchange that stands for a campaign (or one account of it): the likeliest, then the first by id."""
    table = pq.read_table(run / "attributed.parquet", filters=[("campaign_id", "=", campaign_id)])
    if not len(table):
        return None
    likeliest = table.filter(pc.equal(table["probability"], pc.max(table["probability"])))
    if account_id is None:
        return str(pc.min(likeliest["exchange_id"]).as_py())
    owned = _exchanges_of(run, account_id)
    mine = sorted(set(likeliest["exchange_id"].to_pylist()) & owned) or sorted(
        set(table["exchange_id"].to_pylist()) & owned
    )
    return mine[0] if mine else None


def _exchanges_of(run: Path, account_id: str) -> set[str]:
    """Ids of an account's exchanges, where the state keeps them."""
    for path in sorted((run / STATE).glob("*.parquet")):
        names = _columns(path)
        if names.get("exchange_id") == names.get("account_id") == pa.string():
            rows = ds.dataset(path).to_table(columns=["exchange_id"], filter=pc.field("account_id") == account_id)
            return set(rows["exchange_id"].to_pylist())
    return set()


def first_exchange(run: Path, account_id: str) -> str | None:
    """The first by id of an account's exchanges, where the state keeps them."""
    return min(_exchanges_of(run, account_id), default=None)


def tour(exchange_id: str | None, known: Row | None, cases: list[Case], packs: Iterable[str] = ()) -> list[Hop]:
    """The six hops of one exchange (or account, where `exchange_id` is null).

    Args:
        exchange_id: the exchange that is followed.
        known: what `kept` says of it.
        cases: the groups that it belongs to.
        packs: source formats of the run, said where the state does not keep that of the exchange.
    """
    row = known or {}
    lines = _lines(row)
    read_as = "" if lines else ", ".join(f"read as {pack}" for pack in packs)
    texts = (
        UNKNOWN if exchange_id is None else _joined(f"exchange {exchange_id}", lines),
        _joined(read_as, _listed(row, COLLECT_COLUMNS)) or UNKNOWN,
        _joined(_listed(row, FINGERPRINT_COLUMNS), _templates(cases)) or UNKNOWN,
        "; ".join(_link(case) for case in cases) or "not in any judged group",
        _each(lambda case: _prove(case, max(1, EVIDENCE_NAMED // len(cases))), cases) or "nothing to prove",
        _each(lambda case: verdict(case.campaign), cases) or "none: quiet",
    )
    return [Hop(step, text) for step, text in zip(HOPS, texts, strict=True)]


def _lines(row: Row) -> str:
    """Which rows of which inputs an exchange came from, and the pack that read them."""
    said = [f"{source}, line or row {position}" for source, position, _ in row.get(LINES, ())]
    packs = sorted({pack for *_, pack in row.get(LINES, ()) if pack})
    return _joined(" joined with ".join(said), ", ".join(f"read as {pack}" for pack in packs))


def _each(said: Callable[[Case], str], cases: list[Case]) -> str:
    """One text for each group; named by its group where there are several."""
    if len(cases) == 1:
        return said(cases[0])
    return "; ".join(f"({case.campaign['campaign_id']}) {said(case)}" for case in cases)


def _listed(row: Row, columns: Iterable[str]) -> str:
    """The known ones among some columns, in words."""
    return ", ".join(_said(column, row[column]) for column in columns if row.get(column) is not None)


def _joined(*parts: str) -> str:
    """Those parts that say something."""
    return "; ".join(part for part in parts if part)


def _said(column: str, value: Any) -> str:
    """A value of a table in words."""
    if column == "sent_us":
        column, value = "sent_at", datetime.fromtimestamp(value / MICROSECONDS, UTC)
    if isinstance(value, datetime):
        value = f"{wording.moment(value)} UTC"
    if isinstance(value, int) and abs(value) > LARGEST_PLAIN:
        value = f"{value & (2**64 - 1):016x}"
    return f"{NAMES.get(column) or wording.words(column)} {value}"


def _templates(cases: list[Case]) -> str:
    """The largest template of each group."""
    return "; ".join(
        f"largest template of the group: {case.templates[0]['template_id']}" for case in cases if case.templates
    )


def _link(case: Case) -> str:
    """Which group, under which operator, by which layers."""
    layers = sorted({wording.words(row["layer"]) for row in case.links})
    by = f", linked by {', '.join(layers)}" if layers else ""
    operator = case.campaign["operator_id"]
    return f"group {case.campaign['campaign_id']} of {f'operator {operator}' if operator else 'no operator'}{by}"


def _prove(case: Case, named_rows: int) -> str:
    """The bits of the two hypotheses apart, and the `named_rows` strongest rows of evidence."""
    rows = sorted(
        (row for row in case.evidence if row["bits"] is not None), key=lambda row: (-row["bits"], row["signal"])
    )
    named = ", ".join(
        f"{row['hypothesis']} {title(row['signal'])} {wording.bits(row['bits'])}" for row in rows[:named_rows]
    )
    totals = (("H1", case.campaign["operator_bits"]), ("H2", case.campaign["extraction_bits"]))
    said = ", ".join(f"{name} {wording.bits(value, False)} bits" for name, value in totals)
    return f"{said}{f' ({named})' if named else ''}"
