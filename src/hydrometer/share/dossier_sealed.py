"""What is sealed into a dossier: the group's rows of each table, its fingerprints, the aggregates behind the numbers.

Everything else in a dossier is worked out from these files alone, so that a third party without the run or the logs
can work it out again. They are cut down to the level of redaction before they are written, and sorted, so that the
same run gives the same bytes whatever the machine, its language or its number of threads.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.base.errors import RunError
from hydrometer.base.pieces import write_regrouped
from hydrometer.base.tables import LISTED_LEVELS, OUTPUTS, conform, from_rows
from hydrometer.share.dossier_coordination import coordination
from hydrometer.share.dossier_document import canonical
from hydrometer.share.dossier_redaction import Level, member_labels, redacted, scrubber
from hydrometer.share.report_json import rounded
from hydrometer.share.run_tables import ORDERS, Case, Row, campaigns, rows, table

FOLDER = "sealed"
TABLES = ("campaigns", "members", "operators", "evidence", "links", "timeline", "templates", "facts")
EXCHANGES = "exchanges"
STATE = "state"
GROUP_ROWS = 65_536
"""Rows of a row group: fixed, so that the same rows are the same bytes."""
RUN_KEYS = (
    "schema_version", "version", "config", "config_sha256", "seed", "prior", "benign_library", "false_discovery",
    "columns_absent", "detectors_abstained", "totals", "keyed", "calibration_sha256", "outputs",
)  # fmt: skip
"""What of the run's manifest is sealed; not what belongs to the machine (engine, seconds, memory, paths)."""
INPUT_KEYS = ("sha256", "format", "rows_read", "rows_kept", "rows_rejected", "rows_duplicate")
BANDS = (0.99, 0.9, 0.5)
"""Lower ends of the bands in which members are counted by probability."""
PARTNER_COLUMNS = (
    "coalesce(m.label, 'other account') as account_id, f.sent_us - f.sent_us % 3600000000 as sent_us, f.request_model, "
    "f.input_tokens, f.output_tokens, f.micro_usd, f.techniques, f.capabilities, a.millionths"
)
SELECT = """
with a as (
  select exchange_id, round(probability * 1000000)::bigint as millionths
  from read_parquet($attributed) where campaign_id = $campaign
)
select {columns}
from read_parquet($fingerprints) f left join a using (exchange_id) left join members m on m.account_id = f.account_id
where m.account_id is not null or a.exchange_id is not null
order by {order}
"""


@dataclass(frozen=True)
class Sealed:
    """The sealed inputs of one dossier, read from its folder.

    Attributes:
        folder: of the dossier.
        documents: `run`, `reference`, `issue` and, where given, `actors`, `answer`, `superseded`.
    """

    folder: Path
    documents: Mapping[str, Any]

    @cached_property
    def case(self) -> Case:
        """The group's rows, in their fixed order."""
        parts = {name: sorted(self.rows(name), key=ORDERS[name]) for name in TABLES if name != "operators"}
        return Case(parts.pop("campaigns")[0], **parts)

    def rows(self, name: str) -> list[Row]:
        """Rows of a sealed table as they lie in the file."""
        return list(self.table(name).to_pylist())

    def table(self, name: str) -> pa.Table:
        """One sealed table with the columns of its schema."""
        return conform(pq.read_table(self.folder / FOLDER / f"{name}.parquet"), OUTPUTS[name])

    @property
    def level(self) -> Level:
        """The level of redaction."""
        return Level(self.documents["issue"]["redaction"])

    @property
    def exchanges(self) -> Path | None:
        """The sealed fingerprints; None where the run or the level has none."""
        path = self.folder / FOLDER / f"{EXCHANGES}.parquet"
        return path if path.exists() else None


def read(folder: Path) -> Sealed:
    """The sealed inputs of a dossier.

    Raises:
        RunError: a document or the campaign's row is missing or unreadable.
    """
    found = {}
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            found[path.stem] = json.loads(path.read_bytes())
        except (OSError, ValueError) as problem:
            raise _damaged(path.name, problem) from problem
    for name in ("run", "reference", "issue"):
        if not isinstance(found.get(name), dict):
            raise _damaged(f"{name}.json", None)
    sealed = Sealed(folder, found)
    try:
        if len(sealed.rows("campaigns")) != 1:
            raise _damaged("campaigns.parquet", None)
        for name in TABLES:
            sealed.table(name)
    except (OSError, pa.ArrowException) as problem:
        raise _damaged("a sealed table", problem) from problem
    return sealed


def _damaged(name: str, problem: Exception | None) -> RunError:
    """The error of a sealed file that cannot be used."""
    found = "missing or not as it was sealed" if problem is None else type(problem).__name__
    return RunError(f"{FOLDER}/{name}", found, "the sealed inputs of a dossier", "ask for the dossier again")


def listed_group(run: Path, campaign_id: str) -> Row:
    """The row of a campaign of which there may be a dossier.

    Raises:
        RunError: there is none of that id, or it is neither confirmed nor suspected.
    """
    groups = campaigns(run)
    found = next((group for group in groups if group["campaign_id"] == campaign_id), None)
    if found is None:
        known = [group["campaign_id"] for group in groups if group["level"] in LISTED_LEVELS]
        remedy = (
            f"take one of {', '.join(known[:5])}" if known else "the run lists no campaign: there is nothing to seal"
        )
        raise RunError(str(run), f"no campaign {campaign_id[:80]!r}", "an id of campaigns.parquet", remedy)
    if found["level"] not in LISTED_LEVELS:
        why = f" ({found['innocent_explanation']})" if found["innocent_explanation"] else ""
        raise RunError(
            f"{run.name}: {campaign_id}",
            f"level {found['level']}{why}",
            "a campaign that is confirmed or suspected",
            f"nothing is alleged of this group, so it gets no dossier; `hydrometer explain {run} {campaign_id}` says "
            "why",
        )
    return found


@dataclass(frozen=True, slots=True)
class Engine:
    """How the fingerprints are read: threads and memory limit of the engine."""

    threads: int = 2
    memory: str | None = None

    @contextmanager
    def connection(self, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection within these limits that spills to a folder of its own."""
        with duckdb.connect() as found:
            found.execute(f"set threads = {int(self.threads)}")
            found.execute("set timezone = 'UTC'")
            found.execute("set enable_progress_bar = false")
            found.execute("set temp_directory = ?", [str(spill)])
            if self.memory is not None:
                found.execute("set memory_limit = ?", [self.memory])
            yield found
        shutil.rmtree(spill, ignore_errors=True)


def seal(run: Path, campaign_id: str, folder: Path, documents: Mapping[str, Any], engine: Engine) -> None:
    """Write the sealed inputs of a campaign into `folder`/sealed, cut down to the level in `documents["issue"]`.

    Args:
        run: the run folder.
        campaign_id: a listed campaign.
        folder: of the dossier.
        documents: `issue` and what an analyst gave; `run` and `reference` are added.
        engine: threads and memory.
    """
    level = Level(documents["issue"]["redaction"])
    target = folder / FOLDER
    target.mkdir(parents=True)
    found = _rows_of(run, campaign_id)
    labels = member_labels(one["account_id"] for one in found["members"])
    scrub = scrubber({**known_identifiers(run), **labels} if level is not Level.INTERNAL else {})
    for name, parts in found.items():
        kept = sorted(redacted(name, parts, level, labels, scrub), key=ORDERS[name])
        _write(target / f"{name}.parquet", from_rows(kept, OUTPUTS[name]))
    manifest = json.loads((run / "manifest.json").read_bytes())
    fingerprints = run / STATE / "fingerprints.parquet"
    compared: list[dict[str, Any]] = []
    if fingerprints.exists():
        listed = table(run, "members").to_pylist()
        groups = {one["campaign_id"] for one in campaigns(run) if one["level"] in LISTED_LEVELS}
        others = [one["account_id"] for one in listed if one["campaign_id"] in groups]
        seed = int(manifest.get("seed") or 0)
        with engine.connection(target / "spill") as connection, ThreadPoolExecutor(1) as beside:
            asked = beside.submit(coordination, fingerprints, list(labels), others, seed, connection.cursor())
            if level is not Level.PUBLIC:
                _seal_exchanges((run, campaign_id), target, labels, level, connection)
            compared = asked.result()
    aggregates = reference(run, found["members"], manifest) | {"coordination": rounded(compared)}
    for name, document in (dict(documents) | {"run": run_facts(manifest, level), "reference": aggregates}).items():
        if document is not None:
            (target / f"{name}.json").write_bytes(canonical(document))


def _rows_of(run: Path, campaign_id: str) -> dict[str, list[Row]]:
    """The group's rows of each table; of `operators` those of its members' operator."""
    found = {name: rows(run, name, [campaign_id]) for name in TABLES if name != "operators"}
    members = {one["account_id"] for one in found["members"]}
    found["operators"] = [one for one in rows(run, "operators") if one["account_id"] in members]
    return {name: found[name] for name in TABLES}


def known_identifiers(run: Path) -> dict[str, str]:
    """Identifiers of the run's population, with what stands for each in a sentence."""
    path = run / STATE / "accounts.parquet"
    known = {one["account_id"]: "[account]" for one in table(run, "members").select(["account_id"]).to_pylist()}
    if path.exists():
        for one in pq.read_table(path).to_pylist():
            known[one["account_id"]] = "[account]"
            if one.get("organization_id"):
                known[one["organization_id"]] = "[organisation]"
    return known


def _write(path: Path, found: pa.Table) -> None:
    """Write a table in a fixed form."""
    pq.write_table(found, path, compression="zstd", row_group_size=GROUP_ROWS, store_schema=False)


def run_facts(manifest: Mapping[str, Any], level: Level) -> dict[str, Any]:
    """What of the run's manifest is sealed; names of log files only for `internal`."""
    inputs = []
    for number, one in enumerate(manifest.get("inputs") or [], start=1):
        name = Path(str(one.get("name", "?")).replace("\\", "/")).name
        shown = name if level is Level.INTERNAL else f"input {number}"
        inputs.append({"name": shown} | {key: one.get(key) for key in INPUT_KEYS})
    return {key: manifest[key] for key in RUN_KEYS if key in manifest} | {"inputs": inputs}


def reference(run: Path, members: list[Row], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Aggregates over all that was judged, without ids: what q and level of one group rest on beside its own rows."""
    groups = campaigns(run)
    levels = Counter(group["level"] for group in groups)
    bands = Counter((one["role"], band(one["probability"])) for one in members)
    false_discovery = manifest.get("false_discovery")
    control = false_discovery if isinstance(false_discovery, dict) else {}
    return dict(
        rounded(
            {
                "groups_by_level": dict(sorted(levels.items())),
                "candidates": control.get("groups"),
                "q_level": control.get("level"),
                "bits": sorted((_smaller_bits(group) for group in groups), key=lambda one: -(one or -1e9)),
                "members": [
                    {"role": role, "probability_from": low, "accounts": number}
                    for (role, low), number in sorted(bands.items(), key=lambda pair: (pair[0][0], -pair[0][1]))
                ],
                "has_fingerprints": (run / STATE / "fingerprints.parquet").exists(),
            }
        )
    )


def band(probability: float) -> float:
    """Lower end of the band of a probability.

    >>> band(0.95), band(0.4)
    (0.9, 0.0)
    """
    return next((low for low in BANDS if round(probability, 9) >= low), 0.0)


def _smaller_bits(group: Row) -> float | None:
    """The smaller of both hypotheses' bits; null where one abstained."""
    both = (group["operator_bits"], group["extraction_bits"])
    return None if None in both else float(min(both))


def _seal_exchanges(
    of: tuple[Path, str], target: Path, labels: Mapping[str, str], level: Level, connection: duckdb.DuckDBPyConnection
) -> None:
    """The fingerprints of the members' exchanges with the probability that each belongs, sorted, in fixed row groups.

    Args:
        of: the run and the campaign.
        target: folder of the sealed inputs.
        labels: member → its number.
        level: of redaction.
        connection: engine with its limits set.
    """
    run, campaign_id = of
    internal = level is Level.INTERNAL
    columns = "f.*, a.millionths" if internal else PARTNER_COLUMNS
    order = "f.account_id, f.exchange_id" if internal else ", ".join(str(number) for number in range(1, 10))
    connection.register("members", pa.table({"account_id": list(labels), "label": list(labels.values())}))
    values = {
        "attributed": str(run / "attributed.parquet"),
        "fingerprints": str(run / STATE / "fingerprints.parquet"),
        "campaign": campaign_id,
    }
    found = connection.sql(SELECT.format(columns=columns, order=order), params=values)
    _write_batches(target / f"{EXCHANGES}.parquet", found.to_arrow_reader(GROUP_ROWS))
    connection.unregister("members")


def _write_batches(path: Path, reader: pa.RecordBatchReader) -> None:
    """Write a stream of rows in row groups of a fixed size."""
    tables = (pa.Table.from_batches([batch]) for batch in reader)
    write_regrouped(path, tables, reader.schema, GROUP_ROWS, store_schema=False)
