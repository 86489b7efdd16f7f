"""Composition of `calibrate`: logs and past decisions → a calibration folder with the provider's own benign operators.

collect → fingerprint → measure. Nothing of the logs is kept but figures of whole operators; what was left out is
counted by reason. The folder appears whole or not at all, and the same input gives the same bytes.
Source: the contract, section 4 (`calibrate`); `statistics.md` section 3.3.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

import hydrometer
from hydrometer import pipeline
from hydrometer.base.cases import OwnOperators
from hydrometer.base.errors import UsageError
from hydrometer.base.output_folder import Kind, whole_folder
from hydrometer.base.progress import Progress
from hydrometer.base.settings import Settings
from hydrometer.base.shortage import told_plainly
from hydrometer.base.workspace import Workspace
from hydrometer.collect.labels import CAMPAIGN, CLEARED, UNSURE, VICTIM, Label, read_labels
from hydrometer.collect.options import CollectOptions
from hydrometer.collect.run import CollectReport, collect
from hydrometer.fingerprint.run import fingerprint
from hydrometer.prove import own_library, own_operators
from hydrometer.prove.authorisation import BUILDING
from hydrometer.prove.metadata import prompts_known
from hydrometer.prove.own_operators import CLEARED_CASE, KNOWN, VERIFIED_OWNER, Measured
from hydrometer.prove.reference import ACCOUNTS_MIN, ITEMS_MIN
from hydrometer.prove.standing import passing

CALIBRATION = Kind("calibration", own_library.FACTS)
AUTHORISED = "authorised"
MICROSECONDS = 1_000_000
PERIOD = "select min(sent_us) as first_us, max(sent_us) as last_us, count(distinct account_id) as n from {fingerprints}"


@dataclass(frozen=True, slots=True)
class CalibrateOptions(CollectOptions):
    """What a calibration may be told about its input, and whether it may replace one.

    Attributes:
        labels: the provider's past cases, instead of those that lie in an input folder.
        force: replace a calibration that is there.
    """

    labels: Path | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Cases:
    """The provider's decisions about accounts, and what the file of them was."""

    labels: tuple[Label, ...]
    sha256: str | None


def calibrate(
    inputs: Sequence[str], out: Path, settings: Settings, options: CalibrateOptions, progress: Progress
) -> dict[str, Any]:
    """Learn the provider's own benign operators.

    Args:
        inputs: files, globs, folders or `-`.
        out: calibration folder; must not exist unless `options.force`.
        settings: what is in force.
        options: what to make of the input.
        progress: told how far it is.

    Returns:
        what `calibration.json` says.

    Raises:
        RunError: `out` is in the way, another process writes it, or there is no room on disk.
        InputError: no input yields an exchange.
        UsageError, PackError: an option, the labels, a file beside the traffic or a pack is wrong.
    """
    try:
        with (
            told_plainly(out, settings.memory),
            whole_folder(out, CALIBRATION, force=options.force) as unfinished,
            pipeline.workspace_in(unfinished, settings) as workspace,
        ):
            run = pipeline.Run(workspace, settings, progress)
            return own_library.write(unfinished.results, *_learned(run, inputs, options))
    finally:
        progress.close()


def _learned(
    run: pipeline.Run, inputs: Sequence[str], options: CalibrateOptions
) -> tuple[OwnOperators, dict[str, Any]]:
    """The operators, and what is said about them."""
    given = {field.name: getattr(options, field.name) for field in fields(CollectOptions)}
    cases = None if options.labels is None else _cases(options.labels)
    with run.stage("collect") as step:
        collected = collect(inputs, CollectOptions(**given), run.workspace, step)
        cases = cases or _cases(_beside(collected.labels))
    with run.stage("fingerprint") as step:
        fingerprint(run.workspace, run.settings.key_bytes, step)
    with run.stage("operators"):
        authorised = authorised_accounts(run.workspace, collected)
        measured = own_operators.measure(run.workspace, known(cases.labels, authorised))
        return measured.own, facts(run.workspace, collected, cases, authorised, measured)


def _beside(found: Sequence[Path]) -> Path | None:
    """The one table of labels that lies beside the traffic, if there is one."""
    if len(found) > 1:
        listed = ", ".join(path.name for path in found)
        raise UsageError("labels", f"{len(found)} files ({listed})", "one", "name one with --labels")
    return found[0] if found else None


def _cases(path: Path | None) -> Cases:
    if path is None:
        return Cases((), None)
    return Cases(read_labels(path), hashlib.sha256(path.read_bytes()).hexdigest())


def authorised_accounts(workspace: Workspace, collected: CollectReport) -> frozenset[str]:
    """Accounts that the register lets build data sets, whether or not the entry has expired: no sample of innocents."""
    entries = [use for use in collected.register if use.purpose in BUILDING]
    if not entries:
        return frozenset()
    table = pa.table({
        "account": pa.array([use.account_id for use in entries], pa.string()),
        "organisation": pa.array([use.organization_id for use in entries], pa.string()),
    })  # fmt: skip
    found = workspace.query(
        "select account_id from {accounts} where account_id in (select account from entries) "
        "or organization_id in (select organisation from entries)",
        entries=table,
    )
    return frozenset(found["account_id"].to_pylist())


def known(labels: Sequence[Label], authorised: frozenset[str]) -> pa.Table:
    """What is known of single accounts, one row each (`own_operators.KNOWN`).

    Of several cases that cleared an account the first by name counts, so that no account is in two operators.
    """
    by_account: dict[str, list[Label]] = {account: [] for account in authorised}
    for label in labels:
        by_account.setdefault(label.account_id, []).append(label)
    rows = []
    for account, said in sorted(by_account.items()):
        words = {label.label for label in said}
        cleared = [label for label in said if label.label == CLEARED and label.case_id is not None]
        first = min(cleared, key=lambda label: str(label.case_id), default=None)
        moments = [label.known_from for label in cleared if first and label.case_id == first.case_id]
        since = [int(moment.timestamp() * MICROSECONDS) for moment in moments if moment is not None]
        rows.append({
            "account_id": account, "case_id": first.case_id if first else None, "known_us": max(since, default=None),
            "doubted": bool(words & {CAMPAIGN, UNSURE}), "apart": VICTIM in words or account in authorised,
        })  # fmt: skip
    return pa.Table.from_pylist(rows, schema=KNOWN)


def facts(
    workspace: Workspace, collected: CollectReport, cases: Cases, authorised: frozenset[str], measured: Measured
) -> dict[str, Any]:
    """What `calibration.json` says beside the hashes of its files."""
    period = workspace.query(PERIOD).to_pylist()[0]
    seen = set(workspace.read("units", ["account_id"])["account_id"].to_pylist())
    kinds = Counter(measured.own.kinds)
    inputs = [asdict(one) | {"format": one.pack} for one in collected.inputs]
    register = [use.model_dump(mode="json") for use in collected.register]
    source = json.dumps([inputs, cases.sha256, register], sort_keys=True)
    return {
        "version": hydrometer.__version__, "command": "calibrate", "inputs": inputs,
        "inputs_sha256": hashlib.sha256(source.encode()).hexdigest(),
        "period": {
            "first_seen": _moment(period["first_us"]), "last_seen": _moment(period["last_us"]),
        },
        "totals": {"exchanges": collected.exchanges, "accounts": period["n"]},
        "minimum": {"accounts": ACCOUNTS_MIN, "prompts": ITEMS_MIN},
        "operators": {
            "own": len(measured.own), "verified_owner": kinds[VERIFIED_OWNER], "cleared_case": kinds[CLEARED_CASE],
            "past_gate": passing(measured.own) if prompts_known(workspace) else 0,
        },
        "left_out": {"operators": measured.left_out, "accounts": {AUTHORISED: len(authorised & seen)} | {
            word: len({label.account_id for label in cases.labels if label.label == word} & seen)
            for word in (CAMPAIGN, UNSURE, VICTIM)
        }},
        "labels": {
            "sha256": cases.sha256, "rows": dict(sorted(Counter(label.label for label in cases.labels).items())),
            "accounts_unknown": len({label.account_id for label in cases.labels} - seen),
            "cleared_without_case": sum(label.label == CLEARED and label.case_id is None for label in cases.labels),
        },
    }  # fmt: skip


def _moment(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds // MICROSECONDS, UTC).isoformat()
