"""Composition: logs → run folder, as stages that read and write named tables.

collect → fingerprint → link → prove → report. Each stage is a short function; what a later one needs lies in the
workspace under a name. The run folder appears whole or not at all. No clock enters analysis: wall seconds are measured
for the manifest alone. Source: the architecture, section 2; the contract, sections 2 and 4.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import hydrometer
from hydrometer.abstentions import abstentions, always_abstaining, without_tables
from hydrometer.base import logs
from hydrometer.base.cases import NO_OPERATORS, OwnOperators
from hydrometer.base.engines import opened
from hydrometer.base.errors import RunError
from hydrometer.base.memory import peak_rss_bytes
from hydrometer.base.pieces import regrouped
from hydrometer.base.population import Population
from hydrometer.base.progress import Progress
from hydrometer.base.settings import Settings
from hydrometer.base.tables import LISTED_LEVELS
from hydrometer.base.workspace import Workspace
from hydrometer.collect.options import CollectOptions
from hydrometer.collect.run import CollectReport, collect
from hydrometer.collect.sources import TABLES
from hydrometer.doubts import doubts
from hydrometer.fingerprint import entities, states
from hydrometer.fingerprint.lexicon import lexicon
from hydrometer.fingerprint.run import fingerprint, signals
from hydrometer.looks import Looks, first_listing, strides
from hydrometer.moments import Known, judged_at, link, population_at
from hydrometer.prove.judge import Judged
from hydrometer.prove.metadata import prompts_known
from hydrometer.prove.metadata_reference import metadata_reference_with
from hydrometer.prove.own_library import Calibration, load
from hydrometer.prove.reference import reference_with
from hydrometer.prove.register_use import beyond_register
from hydrometer.prove.run import first_exchanges, tables, unit_accounts
from hydrometer.prove.standing import passing
from hydrometer.prove.subject import Words
from hydrometer.prove.verdict import Verdict, verdicts
from hydrometer.share import report_html, report_json

SCHEMA_VERSION = "1"
MICROSECONDS = 1_000_000
STATE_ROWS = 65_536
"""Rows of a row group of a table that is kept."""
SPAN = "select min(sent_us) // {epoch_us} as first, max(sent_us) // {epoch_us} as last from {fingerprints}"
FALSE_DISCOVERY = "e-BH over all candidate groups of the run, on the smaller of the e-values of H1 and H2"


@dataclass(frozen=True, slots=True)
class ScanOptions(CollectOptions):
    """What a scan may be told about its input, what it was calibrated with, and whether it may replace a run."""

    calibration: Path | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """What the stages of one scan share.

    Attributes:
        workspace: named tables.
        settings: what is in force.
        progress: told of stages and steps.
        calibration: the provider's own benign operators; None without a calibration.
        content: whether what people wrote may be read.
        seconds: wall seconds of each stage, for the manifest.
        peaks: most memory of processes beside this one, bytes, for the manifest.
    """

    workspace: Workspace
    settings: Settings
    progress: Progress
    calibration: Calibration | None = None
    content: bool = True
    seconds: dict[str, float] = field(default_factory=dict)
    peaks: list[int] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[str, int, int | None], None]]:
        """A stage: announced, timed, with a callable for its steps."""
        self.progress.stage(name)
        word = name.replace(" ", "_")
        logs.event("stage_begins", stage=word, detail=True)
        began = time.perf_counter()
        yield lambda _, done, total: self.progress.advance(done, total)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began
        logs.event("stage_ends", stage=word, seconds=round(self.seconds[name], 3))


def scan(
    inputs: Sequence[str], out: Path, settings: Settings, options: ScanOptions, progress: Progress
) -> dict[str, Any]:
    """Logs → ranked, proven campaigns in the run folder `out`.

    Args:
        inputs: files, globs, folders or `-`.
        out: run folder; must not exist unless `options.force`.
        settings: what is in force.
        options: what to make of the input.
        progress: told how far the run is.

    Returns:
        the manifest, as it is written to `manifest.json`.

    Raises:
        RunError: `out` is in the way.
        InputError: no input yields an exchange.
        UsageError, PackError: an option, the calibration, a file beside the traffic or a pack is wrong.
    """
    refuse_to_overwrite(out, options.force)
    calibration = None if options.calibration is None else load(options.calibration, content=options.content)
    try:
        with whole_folder(out, settings) as (folder, workspace):
            return stages(Run(workspace, settings, progress, calibration, options.content), inputs, options, folder)
    finally:
        progress.close()


@contextmanager
def whole_folder(out: Path, settings: Settings) -> Iterator[tuple[Path, Workspace]]:
    """(a folder to write to, a workspace within it); at the end the folder becomes `out`, after an error nothing does.

    Args:
        out: what the folder is to become; replaced if it is there.
        settings: engine, threads, memory and the length of an epoch.
    """
    unfinished = out.parent / f".{out.name}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    workspace = opened(unfinished / "work", settings)
    try:
        yield unfinished, workspace
        workspace.close()
        shutil.rmtree(unfinished / "work")
        if out.exists():
            shutil.rmtree(out)
        unfinished.rename(out)
    finally:
        workspace.close()
        shutil.rmtree(unfinished, ignore_errors=True)


def refuse_to_overwrite(out: Path, force: bool, *, mark: str = "manifest.json", noun: str = "run") -> None:
    """Raise RunError where `out` is in the way: a run is only replaced with `force`, and nothing else ever is.

    Args:
        out: folder to write to.
        force: whether one from before may be replaced.
        mark: file by which such a folder is known.
        noun: what such a folder is called.
    """
    if not out.exists():
        return
    if not out.is_dir() or not ((out / mark).exists() or not any(out.iterdir())):
        raise RunError(
            str(out), f"something that is not a {noun} folder", "a path that is free", "choose another --out"
        )
    if not force and any(out.iterdir()):
        raise RunError(
            str(out), f"a {noun} from before", "a path that is free", "choose another --out, or replace it with --force"
        )


def stages(run: Run, inputs: Sequence[str], options: ScanOptions, out: Path) -> dict[str, Any]:
    """All stages in order; the manifest."""
    given = {name: getattr(options, name) for name in CollectOptions.__dataclass_fields__}
    with run.stage("collect") as step:
        collected = collect(inputs, CollectOptions(**given), run.workspace, step)
    read(run)
    register = tuple(use.model_dump() for use in collected.register)
    known = Known(run.settings, register, own_operators(run))
    first, last = run.workspace.query(SPAN).to_pylist()[0].values()
    with Looks(run.workspace, known) as looks:
        with run.stage("link and prove"):
            looks.ahead(end for end in strides(first, last)[:1] if end != last)
            population = population_at(run.workspace, last)
            judged = judged_at(run.workspace, known, population, link(population, run.settings.minimum_accounts), last)
            accounts = unit_accounts(run.workspace, population.units)
            first_us = first_exchanges(run.workspace, population.units)
            reported = verdicts(judged, run.settings.q, [names[0] for names in accounts], first_us)
        with run.stage("first detectable") as step:
            sought = {one.campaign_id: units_of(one) for one in reported if one.level in LISTED_LEVELS}
            told = lambda epoch: step("first detectable", epoch - first + 1, last - first + 1)  # noqa: E731
            listed_from = first_listing(looks, sought, first, last, told)
        run.peaks.append(looks.peak_bytes)
    end_us = {name: (epoch + 1) * run.workspace.epoch_us for name, epoch in listed_from.items()}
    detectable = {name: datetime.fromtimestamp(us // MICROSECONDS, UTC) for name, us in end_us.items()}
    with run.stage("report"):
        manifest = report(run, collected, out, Findings(population, judged, reported, detectable))
    return manifest


def read(run: Run) -> None:
    """Fingerprint every exchange; then units, entities and mergeable states."""
    key = run.settings.key_bytes
    with run.stage("fingerprint") as step:
        fingerprint(run.workspace, key, step)
    with run.stage("entities") as step:
        entities.write_units(run.workspace)
        entities.write_entities(run.workspace, signals(), key, step)
        states.write_states(run.workspace, tuple(lexicon().techniques))


def own_operators(run: Run) -> OwnOperators:
    """The provider's own benign operators; none without a calibration."""
    return run.calibration.own if run.calibration else NO_OPERATORS


def units_of(verdict: Verdict) -> frozenset[int]:
    """Units of a reported group."""
    return frozenset(verdict.judged.membership.units.tolist())


@dataclass(frozen=True, slots=True)
class Findings:
    """What link and prove found: the population, all judged groups, those reported, and since when."""

    population: Population
    judged: list[Judged]
    reported: list[Verdict]
    detectable: dict[str, datetime]


def report(run: Run, collected: CollectReport, out: Path, findings: Findings) -> dict[str, Any]:
    """Write the run folder: tables, state, both reports and, last, the manifest with the seconds that this took."""
    began = time.perf_counter()
    rules = lexicon()
    written = tables(
        run.workspace, findings.population, findings.reported, detectable=findings.detectable, prior=run.settings.prior,
        vocabulary=Words(tuple(rules.techniques), tuple(rules.targets)), policy=collected.policy,
        seed=run.settings.seed, q=run.settings.q,
    )  # fmt: skip
    for name, table in (written | {"rejects": run.workspace.read("rejects")}).items():
        pq.write_table(table, out / f"{name}.parquet", compression="zstd")
    keep_state(run.workspace, out / "state")
    manifest = facts(run, collected, findings) | {"outputs": hashes(out)}
    report_json.write(out, manifest)
    report_html.write(out, manifest)
    manifest["stage_seconds"]["report"] = round(time.perf_counter() - began, 3)
    (out / "manifest.json").write_text(
        json.dumps(manifest, indent=2, sort_keys=True, default=str) + "\n", encoding="utf-8"
    )
    return manifest


def hashes(out: Path) -> dict[str, str]:
    """SHA-256 of every table in the run folder, by its name in it; a dossier is refused where a table has another."""
    found = {}
    for path in sorted(out.glob("*.parquet")) + sorted((out / "state").glob("*.parquet")):
        with path.open("rb") as file:
            found[str(path.relative_to(out))] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def keep_state(workspace: Workspace, folder: Path) -> None:
    """Keep what explains a verdict and what a later run builds on: pseudonymous fingerprints, no text."""
    folder.mkdir()
    shutil.copyfile(workspace.path("fingerprints"), folder / "fingerprints.parquet")
    rewritten(workspace.path("account_weeks"), folder / "account_weeks.parquet")
    shutil.copyfile(workspace.path("origins"), folder / "origins.parquet")
    accounts: pa.Table = workspace.read("accounts", ["account_id", "organization_id"])
    pq.write_table(accounts, folder / "accounts.parquet", compression="zstd")


def rewritten(source: Path, target: Path) -> None:
    """Copy a table so that its bytes depend on its rows alone, not on how an engine lays out a file."""
    with pq.ParquetFile(source) as file:
        schema = pa.schema([field.with_nullable(True) for field in file.schema_arrow])
        with pq.ParquetWriter(target, schema, compression="zstd") as writer:
            for table in regrouped((pa.Table.from_batches([batch]) for batch in file.iter_batches()), STATE_ROWS):
                writer.write_table(table.cast(schema))


def beyond(run: Run, collected: CollectReport) -> list[dict[str, object]]:
    """Entries of the register that are used beyond what they allow."""
    register = [use.model_dump() for use in collected.register]
    return beyond_register(run.workspace, register, tuple(lexicon().capabilities))


def facts(run: Run, collected: CollectReport, findings: Findings) -> dict[str, Any]:
    """The manifest: what was read, with which settings, what abstained, what it cost."""
    settings = run.settings.model_dump(mode="json", exclude={"key", "threads", "memory", "engine", "master"})
    looked_away = abstentions(collected.absent_columns, collected.account_columns_absent)
    prompts, own = prompts_known(run.workspace), own_operators(run)
    library = reference_with(own) if prompts else metadata_reference_with(own)
    looked_away |= without_tables([name for name in TABLES if run.workspace.has(name)])
    calibrated = {"calibration_sha256": run.calibration.sha256} if run.calibration else {}
    gate = {"own_past_gate": passing(own) if prompts else 0} if library.own else {}
    text = json.dumps(settings, sort_keys=True)
    return {
        "schema_version": SCHEMA_VERSION, "version": hydrometer.__version__, "command": "scan", "config": settings,
        "config_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "inputs": [asdict(one) | {"format": one.pack} for one in collected.inputs],
        "engine": run.workspace.engine, "seed": run.settings.seed,
        "stage_seconds": {name: round(value, 3) for name, value in run.seconds.items()},
        "peak_rss_bytes": peak_rss_bytes() + sum(run.peaks),
        "columns_absent": {
            "exchanges": list(collected.absent_columns), "accounts": list(collected.account_columns_absent),
        },
        "columns_ignored": [list(pair) for pair in collected.columns_ignored], "ids_suffixed": collected.ids_suffixed,
        "detectors_abstained": dict(sorted((looked_away | always_abstaining(library.own, prompts=prompts)).items())),
        "register": {"entries": len(collected.register), "beyond": beyond(run, collected)},
        "input_doubts": doubts(run.workspace),
        "prior": run.settings.prior, "benign_library": {"size": len(library.kinds), "own": library.own} | gate,
        "false_discovery": {
            "procedure": FALSE_DISCOVERY, "level": run.settings.q, "groups": len(findings.judged),
            "groups_absorbed": sum(verdict.absorbed for verdict in findings.reported),
        },
        "totals": {"exchanges": collected.exchanges, "accounts": run.workspace.read("units").num_rows},
        "keyed": run.settings.key is not None, "content_free": not run.content, **calibrated,
    }  # fmt: skip
