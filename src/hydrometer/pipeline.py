"""Composition: logs → run folder, as stages that read and write named tables.

collect → fingerprint → link → prove → report. Each stage is a short function; what a later one needs lies in the
workspace under a name. The run folder appears whole or not at all. No clock enters analysis: wall seconds are measured
for the manifest alone. Source: the architecture, section 2; the contract, sections 2 and 4.
"""

from __future__ import annotations

import hashlib
import json
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
from hydrometer import continuity, keeping
from hydrometer.abstentions import abstentions, always_abstaining, without_tables
from hydrometer.base import logs, state
from hydrometer.base.cases import NO_OPERATORS, OwnOperators
from hydrometer.base.engines import opened
from hydrometer.base.journal import Journal
from hydrometer.base.memory import peak_rss_bytes
from hydrometer.base.output_folder import RUN, Unfinished, refuse_to_overwrite, whole_folder
from hydrometer.base.population import Population
from hydrometer.base.progress import Progress
from hydrometer.base.settings import Settings
from hydrometer.base.shortage import told_plainly
from hydrometer.base.state import State
from hydrometer.base.tables import LISTED_LEVELS, RUN_SCHEMA_VERSION
from hydrometer.base.whole_file import sha256_of
from hydrometer.base.workspace import Workspace
from hydrometer.collect.options import CollectOptions
from hydrometer.collect.run import CollectReport, collect
from hydrometer.collect.sources import TABLES
from hydrometer.doubts import doubts
from hydrometer.earlier_looks import decided, still_true, write_looks, write_moments
from hydrometer.fingerprint import entities, states
from hydrometer.fingerprint.lexicon import lexicon
from hydrometer.fingerprint.run import fingerprint, signals
from hydrometer.looks import Listed, Looks, first_listing, strides
from hydrometer.merging import collected_on_top, fingerprint_on_top
from hydrometer.moments import Known, judged_at, link, listed_of, population_at
from hydrometer.prove.magnify import magnified
from hydrometer.prove.metadata import prompts_known
from hydrometer.prove.metadata_reference import metadata_reference_with
from hydrometer.prove.own_library import Calibration, load
from hydrometer.prove.reference import reference_with
from hydrometer.prove.register_use import beyond_register
from hydrometer.prove.run import first_exchanges, tables, unit_accounts
from hydrometer.prove.standing import passing
from hydrometer.prove.subject import Words
from hydrometer.prove.verdict import Verdict, verdicts
from hydrometer.resumption import decides, program
from hydrometer.share import report_html, report_json

MICROSECONDS = 1_000_000
SPAN = "select min(sent_us) // {epoch_us} as first, max(sent_us) // {epoch_us} as last from {fingerprints}"
FALSE_DISCOVERY = "e-BH over all candidate groups of the run, on the smaller of the e-values of H1 and H2"
Step = Callable[[str, int, int | None], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ScanOptions(CollectOptions):
    """What a scan may be told about its input, what it was calibrated with, and what it replaces or goes on from."""

    calibration: Path | None = None
    force: bool = False
    since: Path | None = None


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
        since: state of the earlier run that this one goes on from; None where all logs are read.
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
    since: State | None = None
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
        RunError: `out` is in the way, another process writes it, there is no room on disk, or the state of the earlier
            run is damaged, or another key, program or mode of content made it.
        InputError: no input yields an exchange.
        UsageError, PackError: an option, the calibration, a file beside the traffic or a pack is wrong, or there is too
            little memory.
    """
    refuse_to_overwrite(out, RUN, force=options.force)
    calibration = None if options.calibration is None else load(options.calibration, content=options.content)
    since = None if options.since is None else usable(options.since, settings, content=options.content)
    own = calibration.sha256 if calibration else None
    decision = decides(inputs, settings, options, own, since.sha256 if since else None)
    try:
        with (
            told_plainly(out, settings.memory),
            whole_folder(out, RUN, force=options.force, decides=decision) as unfinished,
            workspace_in(unfinished, settings) as workspace,
        ):
            tell_of_before(unfinished, progress)
            run = Run(workspace, settings, progress, calibration, options.content, unfinished.journal, since)
            return stages(run, inputs, options, unfinished.results)
    finally:
        progress.close()


def usable(run: Path, settings: Settings, *, content: bool) -> State:
    """The state of an earlier run, if this one can go on from it.

    Raises:
        RunError: it is none, is damaged, or another key, program or mode of content made it.
    """
    found = state.opened(run)
    state.refuse_foreign(found, keeping.made(settings, content=content))
    return found


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
    collected = run.once("collect", lambda step: collected_of(run, inputs, given, step))
    read(run)
    register = tuple(use.model_dump() for use in collected.register)
    known = Known(run.settings, register, own_operators(run))
    first, last = run.workspace.query(SPAN).to_pylist()[0].values()
    looked = decided(program(), known, run.calibration.sha256 if run.calibration else None, run.workspace)
    before = {} if run.since is None else still_true(run.since, run.workspace, looked)
    with Looks(run.workspace, known, run.journal, before) as looks:
        linked = run.once("link and prove", lambda _: linked_and_proven(run, known, looks, first, last))
        detectable = run.once("first detectable", lambda step: first_detectable(run, looks, linked, first, last, step))
    with run.stage("report"):
        findings = Findings(population_at(run.workspace, last), linked, detectable, looked, len(before))
        return report(run, collected, out, findings)


def collected_of(run: Run, inputs: Sequence[str], given: CollectOptions, step: Step) -> CollectReport:
    """Read the inputs, on top of an earlier run where there is one."""
    if run.since is None:
        return collect(inputs, given, run.workspace, step)
    return collected_on_top(run.since, inputs, given, run.workspace, run.settings.key_bytes, step)


def linked_and_proven(run: Run, known: Known, looks: Looks, first: int, last: int) -> Linked:
    """Form and judge the groups of the whole log, while the first earlier look is under way."""
    looks.ahead(end for end in strides(first, last)[:1] if end != last)
    population = population_at(run.workspace, last)
    judged = judged_at(run.workspace, known, population, link(population, run.settings.minimum_accounts), last)
    accounts = unit_accounts(run.workspace, population.units)
    first_us, q = first_exchanges(run.workspace, population.units), run.settings.q
    whole = magnified(run.workspace, population, judged, q, last)
    reported = verdicts(whole, q, [names[0] for names in accounts], first_us)
    if run.since is not None:
        reported = continuity.with_kept_ids(reported, accounts, continuity.earlier(run.since.run))
    return Linked(len(judged), reported, listed_of(judged, q))


def first_detectable(run: Run, looks: Looks, linked: Linked, first: int, last: int, step: Step) -> dict[str, datetime]:
    """Name of each listed group → the end of the first epoch at which it could have been listed."""
    sought = {one.campaign_id: units_of(one) for one in linked.reported if one.level in LISTED_LEVELS}
    if not len(own_operators(run)):
        looks.learn(last, linked.listed)
    listed_from = first_listing(looks, sought, first, last, lambda epoch: step("", epoch - first + 1, last - first + 1))
    run.peaks.append(looks.peak_bytes)
    write_looks(run.workspace, looks.answers)
    end_us = {name: (epoch + 1) * run.workspace.epoch_us for name, epoch in listed_from.items()}
    return {name: datetime.fromtimestamp(us // MICROSECONDS, UTC) for name, us in end_us.items()}


def read(run: Run) -> None:
    """Fingerprint every exchange; then units, entities and mergeable states."""
    on_top, key = run.since is not None, run.settings.key_bytes
    pass_over_text = fingerprint_on_top if on_top else fingerprint
    run.once("fingerprint", lambda step: pass_over_text(run.workspace, key, step))
    run.once("entities", lambda step: write_entities(run, step))


def write_entities(run: Run, step: Step) -> None:
    """Units, what they share, and their mergeable states."""
    entities.write_units(run.workspace)
    key, pseudonyms = run.settings.key_bytes, run.since is not None
    entities.write_entities(run.workspace, signals(), key, step, pseudonyms=pseudonyms)
    states.write_states(run.workspace, tuple(lexicon().techniques))
    write_moments(run.workspace)


def own_operators(run: Run) -> OwnOperators:
    """The provider's own benign operators; none without a calibration."""
    return run.calibration.own if run.calibration else NO_OPERATORS


def units_of(verdict: Verdict) -> frozenset[int]:
    """Units of a reported group."""
    return frozenset(verdict.judged.membership.units.tolist())


@dataclass(frozen=True, slots=True)
class Linked:
    """What link and prove found: how many groups were judged, those that are reported, and units of all listed ones."""

    judged: int
    reported: list[Verdict]
    listed: Listed


@dataclass(frozen=True, slots=True)
class Findings:
    """What the run found: the population, what link and prove made of it, since when, and by which looks.

    Attributes:
        looked: hash of what decides the answers of looks.
        looks_kept: answers of an earlier run that were still true.
    """

    population: Population
    linked: Linked
    detectable: dict[str, datetime]
    looked: str
    looks_kept: int


def report(run: Run, collected: CollectReport, out: Path, findings: Findings) -> dict[str, Any]:
    """Write the run folder: tables, state, both reports and, last, the manifest with the seconds that this took."""
    began = time.perf_counter()
    rules = lexicon()
    written = tables(
        run.workspace, findings.population, findings.linked.reported, detectable=findings.detectable,
        prior=run.settings.prior, vocabulary=Words(tuple(rules.techniques), tuple(rules.targets)),
        policy=collected.policy, seed=run.settings.seed, q=run.settings.q,
    )  # fmt: skip
    shown = written.pop("wordings")
    for name, table in (written | {"rejects": run.workspace.read("rejects")}).items():
        pq.write_table(table, out / f"{name}.parquet", compression="zstd")
    said = keeping.said(run.settings, collected, content=run.content, looked=findings.looked)
    keeping.keep(run.workspace, out / state.FOLDER, shown, said, run.settings.key_bytes)
    manifest = facts(run, collected, findings) | {"outputs": hashes(out)}
    if run.since is not None:
        manifest["since"] = since_facts(run, run.since, findings, (written["campaigns"], written["members"]))
    report_json.write(out, manifest)
    report_html.write(out, manifest)
    manifest["stage_seconds"]["report"] = round(time.perf_counter() - began, 3)
    (out / "manifest.json").write_text(
        json.dumps(manifest, indent=2, sort_keys=True, default=str) + "\n", encoding="utf-8"
    )
    return manifest


def since_facts(run: Run, since: State, findings: Findings, groups: tuple[pa.Table, pa.Table]) -> dict[str, Any]:
    """What the manifest says of the run that this one goes on from, and of what became of its groups.

    Args:
        run: this run.
        since: state of the earlier run.
        findings: what this run found.
        groups: its tables `campaigns` and `members`.
    """
    rows = {name: run.workspace.rows(name) for name in ("earlier_fingerprints", "arrived")}
    return {
        "manifest_sha256": sha256_of(since.run / "manifest.json"), "state_sha256": since.sha256,
        "exchanges_earlier": rows["earlier_fingerprints"], "exchanges_new": rows["arrived"],
        "looks_kept": findings.looks_kept, "lost": since.told["lost"],
    } | continuity.told(continuity.earlier(since.run), continuity.of_tables(*groups))  # fmt: skip


def hashes(out: Path) -> dict[str, str]:
    """SHA-256 of every table in the run folder, by its name in it; a dossier is refused where a table has another."""
    paths = sorted(out.glob("*.parquet")) + sorted((out / state.FOLDER).glob("*.parquet"))
    return {str(path.relative_to(out)): sha256_of(path) for path in paths}


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
