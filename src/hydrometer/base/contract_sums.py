"""Finer promises of a run: exact schemas, totals that add up, probabilities that stay within one exchange, vocabulary.

They go beyond what an outside reader can see from the names of columns: a run that keeps these can be summed, joined
and compared without surprises. Source: the contract, section 2.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hydrometer.base.tables import LISTED_LEVELS, OUTPUTS

CAPABILITIES = frozenset(
    "reasoning mathematics coding agentic_reasoning tool_use computer_use vision audio image_generation "
    "video_generation long_horizon data_analysis grading rewriting cyber kernel_development general_instruction "
    "translation biology_chemistry influence_operations surveillance ethical_judgement refusal_mapping".split()
)
TECHNIQUES = frozenset(
    "cot_elicitation cot_after_the_fact forced_tags fake_debug language_coercion technique_fuzzing rubric_grading "
    "pairwise_judging trace_cleaning censorship_rewriting task_generation synthetic_instructions agentic_coding "
    "signature_replay relay low_and_slow mixed_traffic identity_override".split()
)
LEAST_PROBABILITY = 0.5
"""Members below it are not listed."""
CONFIRMED_BENIGN_P = 0.01
SLACK = 1e-6
"""Relative error that a sum of probabilities may have."""
MANIFEST_KEYS = ("schema_version", "version", "seed", "inputs")
EXAMPLES_SHOWN = 3


def breaches(run: Path) -> Iterator[str]:
    """Breaches of the finer promises; tables that are missing or unreadable are named and then left out."""
    tables: dict[str, pa.Table] = {}
    for name, schema in OUTPUTS.items():
        try:
            tables[name] = pq.read_table(run / f"{name}.parquet")
        except FileNotFoundError:
            yield f"{name}.parquet: missing"
            continue
        except (OSError, pa.ArrowException) as problem:
            yield f"{name}.parquet: not a readable Parquet file: {type(problem).__name__}"
            continue
        yield from _schema(name, tables[name].schema, schema)
    whole = {name for name, table in tables.items() if set(OUTPUTS[name].names) <= set(table.column_names)}
    for needed, check in CHECKS:
        if needed <= whole:
            try:
                yield from check(tables)
            except (pa.ArrowException, TypeError) as problem:
                yield f"{', '.join(sorted(needed))}: values of another kind: {type(problem).__name__}"
    yield from _manifest(run)
    yield from _page(run)


def _schema(name: str, found: pa.Schema, wanted: pa.Schema) -> Iterator[str]:
    """Columns that are missing or of another type than the schema says; further columns are allowed."""
    for field in wanted:
        if field.name not in found.names:
            yield f"{name}.parquet: no column {field.name}"
        elif found.field(field.name).type != field.type:
            yield f"{name}.parquet: {field.name} is {found.field(field.name).type}, the schema says {field.type}"


def _some(values: pa.Array | pa.ChunkedArray) -> str:
    """A few of the values, for a message."""
    return str(sorted(str(value) for value in pc.unique(values).to_pylist())[:EXAMPLES_SHOWN])


def _attributed(tables: dict[str, pa.Table]) -> Iterator[str]:
    """Probabilities of one exchange add up to at most 1, and (exchange, campaign) is a key."""
    table = tables["attributed"]
    sums = table.group_by("exchange_id").aggregate([("probability", "sum"), ("campaign_id", "count")])
    over = sums.filter(pc.greater(sums["probability_sum"], 1 + SLACK))
    if len(over):
        yield f"attributed: probabilities of an exchange add up to more than 1: {_some(over['exchange_id'])}"
    if len(table.group_by(["exchange_id", "campaign_id"]).aggregate([])) < len(table):
        yield "attributed: (exchange_id, campaign_id) is not unique"
    least, most = pc.min(table["probability"]).as_py(), pc.max(table["probability"]).as_py()
    if len(table) and not ((least or 0) >= 0 and (most or 0) <= 1):
        yield "attributed.probability: outside 0..1"


def _totals(tables: dict[str, pa.Table]) -> Iterator[str]:
    """`exchanges` of a listed group is the sum of its attributed probabilities."""
    sums = tables["attributed"].group_by("campaign_id").aggregate([("probability", "sum")]).to_pylist()
    attributed = {row["campaign_id"]: row["probability_sum"] for row in sums}
    for row in tables["campaigns"].to_pylist():
        said, summed = row["exchanges"] or 0.0, attributed.get(row["campaign_id"], 0.0)
        if row["level"] in LISTED_LEVELS and abs(said - summed) > SLACK * max(1.0, abs(said)):
            yield f"{row['campaign_id']}: exchanges says {said:g}, attributed rows add up to {summed:g}"


def _campaigns(tables: dict[str, pa.Table]) -> Iterator[str]:
    """Ranks, times, vocabulary and the conditions of the levels."""
    rows = tables["campaigns"].to_pylist()
    if sorted(row["rank"] for row in rows) != list(range(1, len(rows) + 1)):
        yield "campaigns: rank is not 1, 2, 3, … without gaps"
    for row in rows:
        yield from (f"{row['campaign_id']}: {text}" for text in _one_campaign(row))


def _one_campaign(row: dict[str, Any]) -> Iterator[str]:
    """What is wrong with one row of `campaigns`."""
    if row["first_seen"] is not None and row["last_seen"] is not None and row["first_seen"] > row["last_seen"]:
        yield "first_seen is after last_seen"
    if row["level"] == "confirmed" and (row["benign_p"] is None or row["benign_p"] > CONFIRMED_BENIGN_P):
        yield f"confirmed at benign_p {row['benign_p']}"
    if row["level"] == "benign" and not row["innocent_explanation"]:
        yield "benign without an innocent explanation"
    for column, words in (("capabilities", CAPABILITIES), ("techniques", TECHNIQUES)):
        strange = sorted(set(row[column] or []) - words)
        if strange:
            yield f"{column}: unknown words {strange[:EXAMPLES_SHOWN]}"


def _members(tables: dict[str, pa.Table]) -> Iterator[str]:
    """Only likely members are listed, with a reason, and a share lies inside its range."""
    for row in tables["members"].to_pylist():
        where = f"members: {row['campaign_id']}, {row['account_id']}"
        if row["probability"] is not None and row["probability"] < LEAST_PROBABILITY:
            yield f"{where}: listed at probability {row['probability']:g}"
        low, share, high = row["share_low"], row["share"], row["share_high"]
        if None not in (low, share, high) and not low - SLACK <= share <= high + SLACK:
            yield f"{where}: share {share:g} outside its range {low:g} to {high:g}"
        if not row["because"]:
            yield f"{where}: no reason"


def _evidence(tables: dict[str, pa.Table]) -> Iterator[str]:
    """`bits` repeats `model_bits`, and whatever is listed has a statement."""
    for row in tables["evidence"].to_pylist():
        where = f"evidence: {row['campaign_id']}, {row['signal']}"
        bits, model = row["bits"], row["model_bits"]
        if (bits is None) != (model is None) or (bits is not None and abs(bits - model) > SLACK):
            yield f"{where}: bits {bits} differ from model_bits {model}"
        if not row["statement"]:
            yield f"{where}: no statement"


def _manifest(run: Path) -> Iterator[str]:
    """Keys that every manifest has."""
    try:
        said = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if isinstance(said, dict):
        yield from (f"manifest.json: no {key}" for key in MANIFEST_KEYS[:-1] if key not in said)


def _page(run: Path) -> Iterator[str]:
    """The page runs no script."""
    try:
        page = (run / "report.html").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    if "<script" in page.lower():
        yield "report.html: holds a script"


CHECKS = (
    (frozenset({"attributed"}), _attributed),
    (frozenset({"campaigns", "attributed"}), _totals),
    (frozenset({"campaigns"}), _campaigns),
    (frozenset({"members"}), _members),
    (frozenset({"evidence"}), _evidence),
)
