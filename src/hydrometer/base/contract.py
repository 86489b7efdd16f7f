"""Says in which points a run folder breaks the contract of outputs; an empty list is a good run.

A run is read by other programs, so what it promises is checked on the files themselves and not on what the pipeline
believes to have written: columns and their kinds, words, keys, levels, totals, the manifest and the two reports. The
finer promises (`contract_sums`) follow after these. Source: the contract, section 2.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.base import contract_sums
from hydrometer.base.tables import HYPOTHESES, KINDS, LEVELS, LISTED_LEVELS, OUTPUTS, ROLES

Columns = dict[str, list[Any]]
Tables = dict[str, Columns]

REQUIRED = ("campaigns", "members", "operators", "attributed", "evidence", "rejects")
"""Tables whose columns the contract names one by one."""
NULL_ALLOWED = {("campaigns", "operator_id")}
"""Columns that the contract lets be null although ours never are."""
ANY_TYPE = {("rejects", "position")}
WORDS = {
    ("campaigns", "kind"): KINDS,
    ("campaigns", "level"): LEVELS,
    ("members", "role"): ROLES,
    ("evidence", "hypothesis"): HYPOTHESES,
}
FRACTIONS = (
    *(("campaigns", column) for column in ("q_value", "benign_p", "posterior")),
    *(("members", column) for column in ("probability", "share", "share_low", "share_high")),
)
LISTED_KINDS = ("distillation", "stolen_keys")
LISTED_Q = 0.01
"""Largest `q_value` of a group that may be called suspected."""
SHARE_SLACK = 1e-6
NOT_READ = {"attributed": {"exchange_id"}}
"""Columns looked at by `contract_sums` only: one row per exchange is too much to hold as Python values."""
FROM_OUTSIDE = re.compile(
    r"""\bsrc\s*=\s*["']?(?:https?:)?//|<link[^>]+href\s*=\s*["']?(?:https?:)?//|@import\s|url\(\s*["']?(?:https?:)?//""",
    re.IGNORECASE,
)
COUNTS = ("rows_read", "rows_kept", "rows_rejected", "rows_duplicate")
EXAMPLES_SHOWN = 3


def breaches(run: Path) -> list[str]:
    """Every breach of the contract by the run folder `run`, one sentence each, in the order of the tables.

    Args:
        run: a folder that `scan` wrote.

    Returns:
        Nothing for a run that keeps the contract; never raises for a damaged one.
    """
    found: list[str] = []
    tables = {name: _columns(run, name, found) for name in REQUIRED}
    found += _strange_words(tables)
    found += _outside_the_unit_interval(tables)
    found += _keys(tables)
    found += _listed_groups(tables)
    found += _manifest(run / "manifest.json")
    found += _reports(run)
    found += [text for text in contract_sums.breaches(run) if text not in found]
    return found


def _family(kind: pa.DataType) -> str:
    """The class of an Arrow type as the contract sees it: text, number, time, list, flag or other."""
    types = pa.types
    if types.is_string(kind) or types.is_large_string(kind) or types.is_dictionary(kind):
        return "text"
    if types.is_integer(kind):
        return "integer"
    if types.is_floating(kind) or types.is_decimal(kind):
        return "real"
    if types.is_timestamp(kind):
        return "time"
    return "list" if types.is_list(kind) or types.is_large_list(kind) else "other"


def _fits(found: pa.DataType, field: pa.Field) -> bool:
    """Whether a column's type may stand for our schema's: whole numbers count as numbers, all-null as anything."""
    if pa.types.is_null(found):
        return True
    counted = field.name in ("rank", "accounts")
    wanted = _family(field.type)
    if wanted == "integer" and not counted:
        wanted = "real"
    return _family(found) in ({"integer", "real"} if wanted == "real" else {wanted})


def _columns(run: Path, name: str, found: list[str]) -> Columns:
    """The usable columns of one table as lists; what is not usable is added to `found`."""
    path = run / f"{name}.parquet"
    if not path.exists():
        found.append(f"{path.name}: missing")
        return {}
    try:
        present = pq.read_schema(path)
        usable = [field for field in OUTPUTS[name] if _usable(path.name, field, present, found)]
        wanted = [field.name for field in usable if field.name not in NOT_READ.get(name, set())]
        table = pq.read_table(path, columns=wanted)
    except (OSError, pa.ArrowException) as problem:
        found.append(f"{path.name}: not a readable Parquet file: {type(problem).__name__}")
        return {}
    return {column: _values(table, name, column, found) for column in wanted}


def _usable(file: str, field: pa.Field, present: pa.Schema, found: list[str]) -> bool:
    """Whether the file has the column in a type that fits; if not, `found` says so."""
    if field.name not in present.names:
        found.append(f"{file}: no column {field.name}")
        return False
    kind = present.field(field.name).type
    if (file.removesuffix(".parquet"), field.name) in ANY_TYPE or _fits(kind, field):
        return True
    found.append(f"{file}: {field.name} is {kind}")
    return False


def _values(table: pa.Table, name: str, column: str, found: list[str]) -> list[Any]:
    """One column's values (times as whole numbers); nulls where none may be and NaN are added to `found`."""
    values = table[column]
    if values.null_count and not OUTPUTS[name].field(column).nullable and (name, column) not in NULL_ALLOWED:
        found.append(f"{name}.parquet: {column} has {values.null_count} nulls")
    if pa.types.is_timestamp(values.type):
        return list(values.cast(pa.int64()).to_pylist())
    listed = list(values.to_pylist())
    if any(isinstance(value, float) and not math.isfinite(value) for value in listed):
        found.append(f"{name}.parquet: {column} has NaN or infinity")
    return listed


def _strange_words(tables: Tables) -> Iterator[str]:
    """Words that the vocabulary of their column lacks."""
    for (name, column), words in WORDS.items():
        strange = {value for value in tables[name].get(column, []) if value is not None} - set(words)
        if strange:
            yield f"{name}.{column}: unknown words {sorted(map(str, strange))[:5]}"


def _outside_the_unit_interval(tables: Tables) -> Iterator[str]:
    """Probabilities and shares below 0 or above 1."""
    for name, column in FRACTIONS:
        numbers = [v for v in tables[name].get(column, []) if isinstance(v, int | float | Decimal)]
        if not all(0 <= value <= 1 for value in numbers):
            yield f"{name}.{column}: outside 0..1"


def _keys(tables: Tables) -> Iterator[str]:
    """Keys that repeat, references to groups that are not there, accounts that are shared out more than once."""
    ids = tables["campaigns"].get("campaign_id", [])
    members = tables["members"]
    if len(set(ids)) < len(ids):
        yield "campaigns: campaign_id is not unique"
    for name in ("members", "attributed", "evidence"):
        strangers = {value for value in tables[name].get("campaign_id", []) if value is not None} - set(ids)
        if strangers:
            yield f"{name}: campaign_id not in campaigns: {sorted(map(str, strangers))[:EXAMPLES_SHOWN]}"
    pairs = list(zip(members.get("campaign_id", []), members.get("account_id", []), strict=False))
    if len(set(pairs)) < len(pairs):
        yield "members: (campaign_id, account_id) is not unique"
    shared: dict[Any, list[float]] = {}
    for account, share in zip(members.get("account_id", []), members.get("share", []), strict=False):
        shared.setdefault(account, []).append(share or 0.0)
    if any(sum(shares) > 1 + SHARE_SLACK for shares in shared.values()):
        yield "members: shares of an account add up to more than 1"


def _listed_groups(tables: Tables) -> Iterator[str]:
    """What a confirmed or suspected group must have and lacks."""
    campaigns, members = tables["campaigns"], tables["members"]
    ids = campaigns.get("campaign_id", [])
    counted = Counter(
        campaign
        for campaign, role in zip(members.get("campaign_id", []), members.get("role", []), strict=False)
        if role in ("operator", "victim")
    )
    spoken = set(tables["evidence"].get("campaign_id", []))
    for row, campaign in enumerate(ids):
        said = {column: values[row] for column, values in campaigns.items()}
        level = said.get("level")
        if level not in LISTED_LEVELS:
            continue
        if said.get("kind") not in LISTED_KINDS:
            yield f"{campaign}: {level} with kind {said.get('kind')}"
        if not said.get("summary"):
            yield f"{campaign}: {level} without a summary"
        if campaign not in spoken:
            yield f"{campaign}: {level} without a row of evidence"
        accounts = said.get("accounts")
        if counted[campaign] == 0 or accounts != counted[campaign]:
            yield f"{campaign}: accounts says {accounts}, members list {counted[campaign]} operators and victims"
        q_value = said.get("q_value")
        if q_value is None or q_value > LISTED_Q:
            yield f"{campaign}: {level} at q_value {q_value}"


def _manifest(path: Path) -> Iterator[str]:
    """Inputs that are missing, do not add up, or have no hash."""
    try:
        inputs = json.loads(path.read_text(encoding="utf-8"))["inputs"]
        if not inputs:
            yield "manifest.json: no inputs"
        for one in inputs:
            name, counts = one.get("name", "?"), [one.get(count) for count in COUNTS]
            if not all(isinstance(count, int) for count in counts) or counts[0] != sum(counts[1:]):
                yield f"manifest.json: {name}: read is not kept + rejected + duplicate: {counts}"
            if not re.fullmatch("[0-9a-f]{64}", str(one.get("sha256", ""))):
                yield f"manifest.json: {name}: no sha256"
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        yield f"manifest.json: {type(problem).__name__}: {problem}"


def _reports(run: Path) -> Iterator[str]:
    """Reports that are missing, do not parse, or load something from another host."""
    try:
        json.loads((run / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        yield f"report.json: {problem}"
    try:
        page = (run / "report.html").read_text(encoding="utf-8", errors="replace")
    except OSError as problem:
        yield f"report.html: {problem}"
        return
    if FROM_OUTSIDE.search(page):
        yield "report.html: loads something from another host"
