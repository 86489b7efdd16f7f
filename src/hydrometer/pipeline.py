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
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

import hydrometer
from hydrometer.abstentions import abstentions, always_abstaining, without_tables
from hydrometer.base import logs
from hydrometer.base.cases import NO_OPERATORS, OwnOperators
from hydrometer.base.engines import opened
from hydrometer.base.journal import Journal
from hydrometer.base.memory import peak_rss_bytes
from hydrometer.base.output_folder import RUN, Unfinished, refuse_to_overwrite, whole_folder
from hydrometer.base.pieces import write_regrouped
from hydrometer.base.population import Population
from hydrometer.base.progress import Progress
from hydrometer.base.settings import Settings
from hydrometer.base.shortage import told_plainly
from hydrometer.base.tables import LISTED_LEVELS, RUN_SCHEMA_VERSION
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
from hydrometer.prove.metadata import prompts_known
from hydrometer.prove.metadata_reference import metadata_reference_with
from hydrometer.prove.own_library import Calibration, load
from hydrometer.prove.reference import reference_with
from hydrometer.prove.register_use import beyond_register
from hydrometer.prove.run import first_exchanges, tables, unit_accounts
from hydrometer.prove.standing import passing
from hydrometer.prove.subject import Words
from hydrometer.prove.verdict import Verdict, verdicts
from hydrometer.resumption import decides
from hydrometer.share import report_html, report_json

MICROSECONDS = 1_000_000
STATE_ROWS = 65_536
"""Rows of a row group of a table that is kept."""
SPAN = "select min(sent_us) // {epoch_us} as first, max(sent_us) // {epoch_us} as last from {fingerprints}"
FALSE_DISCOVERY = "e-BH over all candidate groups of the run, on the smaller of the e-values of H1 and H2"
Step = Callable[[str, int, int | None], None]
T = TypeVar("T")


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
        journal: which stages are finished; None where nothing is to be gone on with.
        seconds: wall seconds of each stage, for the manifest.
        peaks: most memory of processes beside this one, bytes, for the manifest.
        peaks_before: the same of all processes of a scan that was gone on with, by stage.
    """

    workspace: Workspace
    settings: Settings
    progress: Progress
    calibration: Calibration | None = None
    content: bool = True
    journal: Journal | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    peaks: list[int] = field(default_factory=list)
    peaks_before: list[int] = field(default_factory=list)

    def once(self, name: str, work: Callable[[Step], T]) -> T:
        """What a stage returns: as it was kept where the stage is finished, else of the work, after which it is."""
        mark = self.journal.marked(name) if self.journal else None
        if self.journal is not None and mark is not None:
            self.seconds[name] = mark.seconds
            self.peaks_before.append(mark.peak_rss_bytes)
            kept: T = self.journal.result(name)
            return kept
        with self.stage(name) as step:
            result = work(step)
        if self.journal is not None:
            self.journal.mark(name, result, self.seconds[name], self.peak_rss_bytes())
        return result

    def peak_rss_bytes(self) -> int:
        """Most memory that the processes of this scan held so far, those before this one included."""
        return max(peak_rss_bytes() + sum(self.peaks), *self.peaks_before, 0)

    @contextmanager
    def stage(self, name: str) -> Iterator[Step]:
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
        RunError: `out` is in the way, another process writes it, or there is no room on disk.
        InputError: no input yields an exchange.
        UsageError, PackError: an option, the calibration, a file beside the traffic or a pack is wrong, or there is too
            little memory.
    """
    refuse_to_overwrite(out, RUN, force=options.force)
    calibration = None if options.calibration is None else load(options.calibration, content=options.content)
    decided = decides(inputs, settings, options, calibration.sha256 if calibration else None)
    try:
        with (
            told_plainly(out, settings.memory),
            whole_folder(out, RUN, force=options.force, decides=decided) as unfinished,
            workspace_in(unfinished, settings) as workspace,
        ):
            tell_of_before(unfinished, progress)
            run = Run(workspace, settings, progress, calibration, options.content, unfinished.journal)
            return stages(run, inputs, options, unfinished.results)
    finally:
        progress.close()


@contextmanager
def workspace_in(unfinished: Unfinished, settings: Settings) -> Iterator[Workspace]:
    """The tables of an unfinished folder, with engine, threads, memory and the length of an epoch as they are set."""
    workspace = opened(unfinished.work, settings)
    try:
        with workspace.relying():
            yield workspace
    finally:
        workspace.close()


def tell_of_before(unfinished: Unfinished, progress: Progress) -> None:
    """Say what becomes of a scan that was killed."""
    if unfinished.begun_anew:
        progress.note("an unfinished scan cannot be gone on with: nothing was finished, or what decides it has changed")
        logs.event("scan_begins_anew")
    elif unfinished.journal is not None and unfinished.journal.marks:
        last = unfinished.journal.marks[-1].stage
        progress.note(f"goes on with an unfinished scan after its stage {last!r}")
        logs.event("scan_goes_on", stage=last.replace(" ", "_"))


def stages(run: Run, inputs: Sequence[str], options: ScanOptions, out: Path) -> dict[str, Any]:
    """All stages in order, but for those that are finished; the manifest."""
    given = CollectOptions(**{name: getattr(options, name) for name in CollectOptions.__dataclass_fields__})
    collected = run.once("collect", lambda step: collect(inputs, given, run.workspace, step))
    read(run)
    register = tuple(use.model_dump() for use in collected.register)
    known = Known(run.settings, register, own_operators(run))
    first, last = run.workspace.query(SPAN).to_pylist()[0].values()
    with Looks(run.workspace, known, run.journal) as looks:
        linked = run.once("link and prove", lambda _: linked_and_proven(run, known, looks, first, last))
        detectable = run.once("first detectable", lambda step: first_detectable(run, looks, linked, first, last, step))
    with run.stage("report"):
        return report(run, collected, out, Findings(population_at(run.workspace, last), linked, detectable))


def linked_and_proven(run: Run, known: Known, looks: Looks, first: int, last: int) -> Linked:
    """Form and judge the groups of the whole log, while the first earlier look is under way."""
    looks.ahead(end for end in strides(first, last)[:1] if end != last)
    population = population_at(run.workspace, last)
    judged = judged_at(run.workspace, known, population, link(population, run.settings.minimum_accounts), last)
    accounts = unit_accounts(run.workspace, population.units)
    first_us = first_exchanges(run.workspace, population.units)
    return Linked(len(judged), verdicts(judged, run.settings.q, [names[0] for names in accounts], first_us))


def first_detectable(run: Run, looks: Looks, linked: Linked, first: int, last: int, step: Step) -> dict[str, datetime]:
    """Name of each listed group → the end of the first epoch at which it could have been listed."""
    sought = {one.campaign_id: units_of(one) for one in linked.reported if one.level in LISTED_LEVELS}
    listed_from = first_listing(looks, sought, first, last, lambda epoch: step("", epoch - first + 1, last - first + 1))
    run.peaks.append(looks.peak_bytes)
    end_us = {name: (epoch + 1) * run.workspace.epoch_us for name, epoch in listed_from.items()}
    return {name: datetime.fromtimestamp(us // MICROSECONDS, UTC) for name, us in end_us.items()}


def read(run: Run) -> None:
    """Fingerprint every exchange; then units, entities and mergeable states."""
    run.once("fingerprint", lambda step: fingerprint(run.workspace, run.settings.key_bytes, step))
    run.once("entities", lambda step: write_entities(run, step))


def write_entities(run: Run, step: Step) -> None:
    """Units, what they share, and their mergeable states."""
    entities.write_units(run.workspace)
    entities.write_entities(run.workspace, signals(), run.settings.key_bytes, step)
    states.write_states(run.workspace, tuple(lexicon().techniques))


def own_operators(run: Run) -> OwnOperators:
    """The provider's own benign operators; none without a calibration."""
    return run.calibration.own if run.calibration else NO_OPERATORS


def units_of(verdict: Verdict) -> frozenset[int]:
    """Units of a reported group."""
    return frozenset(verdict.judged.membership.units.tolist())


@dataclass(frozen=True, slots=True)
class Linked:
    """What link and prove found: how many groups were judged, and those that are reported."""

    judged: int
    reported: list[Verdict]


@dataclass(frozen=True, slots=True)
class Findings:
    """What the run found: the population, what link and prove made of it, and since when."""

    population: Population
    linked: Linked
    detectable: dict[str, datetime]


def report(run: Run, collected: CollectReport, out: Path, findings: Findings) -> dict[str, Any]:
    """Write the run folder: tables, state, both reports and, last, the manifest with the seconds that this took."""
    began = time.perf_counter()
    rules = lexicon()
    written = tables(
        run.workspace, findings.population, findings.linked.reported, detectable=findings.detectable,
        prior=run.settings.prior, vocabulary=Words(tuple(rules.techniques), tuple(rules.targets)),
        policy=collected.policy, seed=run.settings.seed, q=run.settings.q,
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
        tables = (pa.Table.from_batches([batch]).cast(schema) for batch in file.iter_batches())
        write_regrouped(target, tables, schema, STATE_ROWS)


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
        "schema_version": RUN_SCHEMA_VERSION, "version": hydrometer.__version__, "command": "scan", "config": settings,
        "config_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "inputs": [asdict(one) | {"format": one.pack} for one in collected.inputs],
        "engine": run.workspace.engine, "seed": run.settings.seed,
        "stage_seconds": {name: round(value, 3) for name, value in run.seconds.items()},
        "peak_rss_bytes": run.peak_rss_bytes(), "resumed": run.journal.resumed if run.journal else [],
        "columns_absent": {
            "exchanges": list(collected.absent_columns), "accounts": list(collected.account_columns_absent),
        },
        "columns_ignored": [list(pair) for pair in collected.columns_ignored], "ids_suffixed": collected.ids_suffixed,
        "detectors_abstained": dict(sorted((looked_away | always_abstaining(library.own, prompts=prompts)).items())),
        "register": {"entries": len(collected.register), "beyond": beyond(run, collected)},
        "input_doubts": doubts(run.workspace),
        "prior": run.settings.prior, "benign_library": {"size": len(library.kinds), "own": library.own} | gate,
        "false_discovery": {
            "procedure": FALSE_DISCOVERY, "level": run.settings.q, "groups": findings.linked.judged,
            "groups_absorbed": sum(verdict.absorbed for verdict in findings.linked.reported),
        },
        "totals": {"exchanges": collected.exchanges, "accounts": run.workspace.read("units").num_rows},
        "keyed": run.settings.key is not None, "content_free": not run.content, **calibrated,
    }  # fmt: skip
