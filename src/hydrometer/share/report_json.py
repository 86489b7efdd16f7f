"""Makes `report.json`: the ranked list for a program, the same bytes for the same input, configuration and seed.

So nothing of the machine is in it (engine, paths, times of day, seconds, threads, memory), floats have six significant
digits, keys are sorted and every list has an order of its own. Non-ASCII characters are escaped, so that the file can
be shown on a terminal whatever a log put into an id. Source: the contract, section 2.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from hydrometer.base.tables import LEVELS, LISTED_LEVELS
from hydrometer.base.units import REPORT_DIGITS
from hydrometer.base.whole_file import write_whole
from hydrometer.share.manifest_facts import ManifestFacts, manifest_facts, reject_reasons
from hydrometer.share.run_tables import Case, Row, campaigns, cases, listed, table

SCHEMA_VERSION = 1
LINKS_SHOWN = 50
"""Strongest links of a group in the report; all are in `links.parquet`."""
ACCOUNT_FACTS_SHOWN = 200
"""Facts about single accounts of a group in the report; all are in `facts.parquet`."""
SHORT = ("campaign_id", "operator_id", "rank", "kind", "level", "accounts", "exchanges", "usd", "q_value",
         "operator_bits", "extraction_bits", "innocent_explanation")  # fmt: skip
"""Columns of a group that is not listed in full."""


def report(run: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The report as JSON values.

    Args:
        run: folder with the tables of `base.tables.OUTPUTS`.
        manifest: the run's manifest.

    Raises:
        RunError: a table is missing or unreadable.
    """
    groups, facts = campaigns(run), manifest_facts(manifest)
    full = listed(groups)
    whole = {
        "schema_version": SCHEMA_VERSION,
        "hydrometer_version": facts.version,
        "seed": facts.seed,
        "config_sha256": facts.config_sha256,
        "prior": facts.prior,
        "benign_library": facts.benign_library,
        "benign_library_own": facts.own_library,
        "false_discovery": facts.procedure,
        "inputs": [asdict(one) for one in facts.inputs],
        "rejects": [
            {"reason": why, "rows": n} for why, n in reject_reasons(table(run, "rejects")["reason"].to_pylist())
        ],
        "columns_absent": facts.columns_absent,
        "content_free": facts.content_free,
        "detectors_abstained": [{"detector": name, "why": why} for name, why in facts.abstained],
        "caveats": facts.caveats,
        "register_used_beyond": facts.beyond_register,
        "totals": _totals(groups, facts),
        "campaigns": [case_json(case) for case in cases(run, full)],
        "not_listed": [
            {column: group[column] for column in SHORT} for group in groups if group["level"] not in LISTED_LEVELS
        ],
    }
    result: dict[str, Any] = rounded(whole)
    return result


def write(run: Path, manifest: Mapping[str, Any]) -> None:
    """Write `report.json` into the run folder; it gets its name only when it is whole."""
    write_whole(run / "report.json", dumps(report(run, manifest)).encode("ascii"))


def dumps(value: Any) -> str:
    """JSON text with sorted keys, ASCII only, no NaN."""
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _totals(groups: list[Row], facts: ManifestFacts) -> dict[str, Any]:
    """Counts over the run."""
    levels = Counter(group["level"] for group in groups)
    return {
        "exchanges": facts.exchanges,
        "accounts": facts.accounts,
        "rows_read": facts.rows("rows_read"),
        "rows_kept": facts.rows("rows_kept"),
        "rows_rejected": facts.rows("rows_rejected"),
        "rows_duplicate": facts.rows("rows_duplicate"),
        "groups": len(groups),
        "groups_by_level": {level: levels[level] for level in LEVELS},
    }


def case_json(case: Case) -> dict[str, Any]:
    """Everything about one group, as values that `rounded` makes ready for JSON."""
    roles = Counter(member["role"] for member in case.members)
    return {
        **case.campaign,
        "members": [_without_group(row) for row in case.members],
        "members_by_role": dict(sorted(roles.items())),
        "evidence": [_without_group(row) for row in case.evidence],
        "facts": [_without_group(row) for row in case.facts if row["account_id"] is None],
        "facts_of_accounts": [_without_group(row) for row in _of_accounts(case)[:ACCOUNT_FACTS_SHOWN]],
        "facts_of_accounts_total": len(_of_accounts(case)),
        "links": [_without_group(row) for row in case.links[:LINKS_SHOWN]],
        "links_total": len(case.links),
        "templates": [_without_group(row) for row in case.templates],
        "events": [{"hour": row["hour"], "event": row["event"]} for row in case.timeline if row["event"]],
        "innocent_explanations": [_without_group(row) for row in case.by_hypothesis("H4")],
        "what_would_refute_it": [one.statement for one in case.refutations],
        "refutation_questions": [{"question": one.question, "ask": one.ask} for one in case.refutations],
    }


def _of_accounts(case: Case) -> list[Row]:
    """Facts about single accounts."""
    return [row for row in case.facts if row["account_id"] is not None]


def _without_group(row: Row) -> Row:
    """A row inside its group does not repeat the group's id."""
    return {column: value for column, value in row.items() if column != "campaign_id"}


def rounded(value: Any) -> Any:
    """JSON values: floats to six significant digits (no NaN, no negative nought), times as ISO 8601 in UTC.

    >>> rounded({"a": 1234567.891, "b": -0.0, "c": [float("nan")]})
    {'a': 1234570.0, 'b': 0.0, 'c': [None]}
    """
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner) for inner in value]
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, float):
        return float(f"{value:.{REPORT_DIGITS}g}") + 0.0 if math.isfinite(value) else None
    return value
