"""From a provider's own traffic and decisions to a calibration, and from there to `confirmed`, by command line."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import typer
from tests.prove.own import own_of

from hydrometer import calibration, moments
from hydrometer.base.cases import OwnOperators
from hydrometer.base.contract import breaches
from hydrometer.base.settings import Settings
from hydrometer.base.units import EPOCH_US
from hydrometer.calibration import CalibrateOptions, known
from hydrometer.cli import app, main
from hydrometer.collect.labels import Label
from hydrometer.prove import own_library
from hydrometer.prove.judge import Judged, judge
from hydrometer.prove.own_library import METADATA_COLUMNS
from hydrometer.prove.profile import FIGURES
from hydrometer.prove.reference import FORM_PREFIX, reference
from hydrometer.simulate.run import simulate

FIRMS_SCALE, DEMO_SCALE = 0.2, 0.15
MIDWAY = datetime(2026, 6, 4, tzinfo=UTC)
"""Middle of the demo's week, the start of an epoch."""


def run(*words: object) -> None:
    assert main([str(word) for word in words]) == 0


def facts_of(folder: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((folder / own_library.FACTS).read_text())
    return facts


@dataclass(frozen=True)
class Firms:
    """A world without campaigns, with accounts of each true operator by archetype."""

    traffic: Path
    operators: dict[str, dict[str, list[str]]]


@pytest.fixture(scope="module")
def firms(tmp_path_factory: pytest.TempPathFactory) -> Firms:
    folder = tmp_path_factory.mktemp("firms")
    simulate("null_firms", folder / "world", seed=3, scale=FIRMS_SCALE, jobs=1)
    operators: dict[str, dict[str, list[str]]] = {}
    for row in pq.read_table(folder / "world" / "truth" / "accounts.parquet").to_pylist():
        operators.setdefault(row["archetype"], {}).setdefault(row["operator_id"], []).append(row["account_id"])
    return Firms(folder / "world" / "traffic", operators)


@pytest.fixture(scope="module")
def plain(firms: Firms, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A calibration by verified owners alone."""
    out = tmp_path_factory.mktemp("plain") / "calibration"
    run("calibrate", firms.traffic, "--out", out, "--threads", 1)
    return out


def undeclared(firms: Firms) -> list[list[str]]:
    """Accounts of operators without an owner, five or more each."""
    accounts = pq.read_table(firms.traffic / "accounts.parquet", columns=["account_id", "owner"]).to_pylist()
    owned = {row["account_id"] for row in accounts if row["owner"] is not None}
    groups = [sorted(group) for some in firms.operators.values() for group in some.values()]
    return sorted((group for group in groups if len(group) >= 5 and not owned & set(group)), key=lambda one: -len(one))


def labels_file(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["account_id", "label", "case_id"])
        writer.writerows(rows)
    return path


# --- what is learned -------------------------------------------------------------------------------------------------


def test_verified_owners_become_operators_and_nothing_of_theirs_is_told(firms: Firms, plain: Path) -> None:
    facts = facts_of(plain)
    found = own_library.load(plain)
    assert facts["operators"]["own"] == facts["operators"]["verified_owner"] == len(found.own) > 3
    assert facts["totals"]["accounts"] == len(pq.read_table(firms.traffic / "accounts.parquet"))
    assert sum(one["rows_kept"] for one in facts["inputs"]) == facts["totals"]["exchanges"]
    stored = pq.read_table(plain / own_library.OPERATORS)
    assert stored.column_names == [
        "kind",
        "known_from",
        *FIGURES,
        *(FORM_PREFIX + name for name in found_forms()),
        *METADATA_COLUMNS,
    ]
    text = (plain / own_library.FACTS).read_text() + str(stored.to_pylist())
    accounts = pq.read_table(firms.traffic / "accounts.parquet").to_pylist()
    told = {row[name] for row in accounts for name in ("account_id", "owner", "organization_id") if row[name]}
    assert [name for name in told if f'"{name}"' in text or f"'{name}'" in text] == []
    last = max(pq.read_table(firms.traffic / "exchanges.parquet", columns=["sent_at"])["sent_at"].to_pylist())
    assert facts["period"]["last_seen"] == last.replace(microsecond=0).isoformat()
    assert stored["known_from"].to_pylist() and max(stored["known_from"].to_pylist()) <= last


def found_forms() -> tuple[str, ...]:
    return reference().form.names


def test_the_same_input_gives_the_same_bytes_whatever_the_threads(firms: Firms, plain: Path, tmp_path: Path) -> None:
    run("calibrate", firms.traffic, "--out", tmp_path / "again", "--threads", 2)
    for name in (own_library.FACTS, own_library.OPERATORS):
        assert (tmp_path / "again" / name).read_bytes() == (plain / name).read_bytes()


def test_labels_add_cleared_cases_and_take_away_what_is_in_doubt(firms: Firms, plain: Path, tmp_path: Path) -> None:
    cleared = undeclared(firms)[0]
    accounts = pq.read_table(firms.traffic / "accounts.parquet", columns=["account_id", "owner"]).to_pylist()
    owner = next(row["owner"] for row in accounts if row["owner"] is not None)
    owned = [row["account_id"] for row in accounts if row["owner"] == owner]
    rows = [(account, "cleared", "case-1") for account in cleared]
    rows += [(owned[0], "unsure", ""), ("nobody-1", "campaign:grey heron", "case-9"), ("nobody-2", "cleared", "")]
    labels = labels_file(tmp_path / "cases.csv", rows)
    run("calibrate", firms.traffic, "--out", tmp_path / "c", "--labels", labels, "--threads", 1)
    before, after = facts_of(plain), facts_of(tmp_path / "c")
    assert after["operators"]["cleared_case"] == 1
    assert after["left_out"]["operators"]["in_doubt"] == 1
    assert after["labels"]["accounts_unknown"] == 2 and after["labels"]["cleared_without_case"] == 1
    assert after["labels"]["rows"] == {"campaign": 1, "cleared": len(cleared) + 1, "unsure": 1}
    assert after["left_out"]["accounts"] == {"authorised": 0, "campaign": 0, "unsure": 1, "victim": 0}
    assert after["inputs_sha256"] != before["inputs_sha256"]
    total = {key: sum(one["left_out"]["operators"].values()) + one["operators"]["own"] for key, one in
             (("before", before), ("after", after))}  # fmt: skip
    assert total["after"] == total["before"] + 1


def test_labels_beside_the_traffic_are_taken_and_a_scan_does_not_read_them(firms: Firms, tmp_path: Path) -> None:
    folder = tmp_path / "input"
    folder.mkdir()
    for name in ("exchanges.parquet", "accounts.parquet"):
        (folder / name).symlink_to(firms.traffic / name)
    labels_file(folder / "labels.csv", [(account, "cleared", "case-1") for account in undeclared(firms)[0]])
    run("calibrate", folder, "--out", tmp_path / "c", "--threads", 1)
    assert facts_of(tmp_path / "c")["operators"]["cleared_case"] == 1
    (folder / "labels.csv").write_text("account_id,label\nx,nonsense\n")
    assert main(["calibrate", str(folder), "--out", str(tmp_path / "d")]) == 2
    assert not (tmp_path / "d").exists()


def test_who_may_build_data_sets_is_no_sample_of_innocents(firms: Firms, plain: Path, tmp_path: Path) -> None:
    accounts = pq.read_table(firms.traffic / "accounts.parquet").to_pylist()
    firm = next(row["organization_id"] for row in accounts if row["owner"] is not None and row["organization_id"])
    inside = sum(row["organization_id"] == firm for row in accounts)
    for purpose, taken in (("evaluation", inside), ("education", 0)):
        register = tmp_path / f"{purpose}.yaml"
        register.write_text(f"- {{organization_id: '{firm}', purpose: {purpose}, expires_at: 2020-01-01}}\n")
        out = tmp_path / purpose
        run("calibrate", firms.traffic, "--out", out, "--register", register, "--threads", 1)
        assert facts_of(out)["left_out"]["accounts"]["authorised"] == taken
        same = facts_of(out)["operators"] == facts_of(plain)["operators"]
        assert same == (taken == 0)


@pytest.mark.parametrize(
    ("labels", "case", "doubted", "apart"),
    [
        ([("cleared", "b"), ("cleared", "a")], "a", False, False),
        ([("cleared", "a"), ("campaign", "b")], "a", True, False),
        ([("unsure", None)], None, True, False),
        ([("victim", "a")], None, False, True),
        ([("reseller", "a")], None, False, False),
        ([("cleared", None)], None, False, False),
    ],
)
def test_what_is_known_of_an_account(
    labels: list[tuple[str, str | None]], case: str | None, doubted: bool, apart: bool
) -> None:
    (row,) = known([Label("x", word, name, None) for word, name in labels], frozenset()).to_pylist()
    assert row == {"account_id": "x", "case_id": case, "known_us": None, "doubted": doubted, "apart": apart}
    rows = known([Label("x", word, name, None) for word, name in labels], frozenset({"x", "y"})).to_pylist()
    assert [(one["account_id"], one["apart"]) for one in rows] == [("x", True), ("y", True)]


# --- what it is good for ---------------------------------------------------------------------------------------------


def just_past_the_gate(count: int) -> OwnOperators:
    """Own operators whose whole traffic H2 would just have chosen; none has a form; half become known midway."""
    own = own_of(np.linspace(0.082, 0.1, count))
    midway = int(MIDWAY.timestamp()) * 1_000_000
    return OwnOperators(own.kinds, own.profiles, own.forms, np.where(np.arange(count) % 2, 0, midway))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    simulate("demo", folder / "world", seed=0, scale=DEMO_SCALE, jobs=1)
    return folder / "world" / "traffic"


def scanned(traffic: Path, folder: Path, own: OwnOperators) -> tuple[Path, dict[str, Any]]:
    """A run with a calibration of some operators, in this process alone, and its manifest."""
    (folder / "calibration").mkdir(parents=True)
    own_library.write(folder / "calibration", own, {})
    run("scan", traffic, "--out", folder / "run", "--calibration", folder / "calibration", "--threads", 1)
    return folder / "run", json.loads((folder / "run" / "manifest.json").read_text())


def campaigns(of: Path) -> list[dict[str, Any]]:
    return pq.read_table(of / "campaigns.parquet").to_pylist()


@pytest.mark.slow
def test_with_enough_own_operators_a_campaign_is_confirmed(
    demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known_by: dict[int, int] = {}

    def watched(*given: Any, **named: Any) -> list[Judged]:
        known_by[named["last_epoch"]] = len(named["own"])
        return judge(*given, **named)

    monkeypatch.setattr(moments, "judge", watched)
    out, manifest = scanned(demo, tmp_path, just_past_the_gate(110))
    change = int(MIDWAY.timestamp()) * 1_000_000 // EPOCH_US
    assert known_by == {epoch: 55 if epoch + 1 < change else 110 for epoch in known_by}
    assert set(known_by.values()) == {55, 110}
    first = campaigns(out)[0]
    assert (first["level"], first["kind"]) == ("confirmed", "distillation")
    assert first["benign_p"] == pytest.approx(1 / 111) and first["detectable_at"] is not None
    assert campaigns(out)[1]["level"] == "confirmed"
    assert {row["level"] for row in campaigns(out)[2:]} <= {"insufficient", "benign", "authorised"}
    assert breaches(out) == []
    simulated = len(reference().kinds)
    assert manifest["benign_library"] == {"size": simulated + 110, "own": 110, "own_past_gate": 110}
    assert "own_benign_library" not in manifest["detectors_abstained"]
    evidence = [
        row for row in pq.read_table(out / "evidence.parquet").to_pylist() if row["signal"].startswith("harvest")
    ]
    assert {row["null_model"] for row in evidence} == {
        f"exchangeable with the benign operators of the library (own 110, simulated {simulated})"
    }
    assert all(row["n"] == simulated + 110 and row["bits"] <= np.log2(row["n"] + 1) + 1e-9 for row in evidence)
    assert "suspected is the highest level" not in capsys.readouterr().out
    told = json.loads((out / "report.json").read_text())
    assert told["benign_library_own"] == 110 and "among the 110 own ones" in told["caveats"][0]
    run("explain", out, first["campaign_id"])
    assert "own benign operators past the gate" in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
def test_with_too_few_own_operators_it_stays_suspected(demo: Path, tmp_path: Path) -> None:
    few, manifest = scanned(demo, tmp_path, just_past_the_gate(98))
    first = campaigns(few)[0]
    assert (first["level"], first["benign_p"]) == ("suspected", None) and breaches(few) == []
    assert manifest["benign_library"]["own_past_gate"] == 98
    assert "98 own ones are past the gate" in (few / "report.json").read_text()
    assert "too few comparable operators of your own" in (few / "report.html").read_text()


def test_a_calibration_of_a_world_scans_another(plain: Path, tmp_path: Path) -> None:
    simulate("gateway", tmp_path / "world", seed=0, jobs=1)
    run("scan", tmp_path / "world" / "traffic", "--out", tmp_path / "run", "--calibration", plain, "--threads", 1)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    own = facts_of(plain)["operators"]["own"]
    assert manifest["benign_library"] == {"size": len(reference().kinds) + own, "own": own, "own_past_gate": 0}
    assert manifest["calibration_sha256"] == own_library.load(plain).sha256
    assert {row["level"] for row in campaigns(tmp_path / "run")} <= {"suspected", "insufficient", "benign"}
    assert breaches(tmp_path / "run") == []


def test_check_says_what_a_calibration_is_enough_for(plain: Path, tmp_path: Path, capsys: Any) -> None:
    run("check", plain)
    assert "0 of 99 needed: suspected stays the highest level" in capsys.readouterr().out
    run("check", plain, "--json")
    assert json.loads(capsys.readouterr().out)["calibration"]["operators"]["own"] == len(own_library.load(plain).own)
    (tmp_path / own_library.FACTS).write_text("{}")
    assert main(["check", str(tmp_path)]) == 2
    assert "schema_version None" in capsys.readouterr().err


# --- bad input -------------------------------------------------------------------------------------------------------


def test_what_is_no_calibration_is_refused_before_anything_is_read(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "empty").mkdir()
    words = ["scan", str(tmp_path / "no-log"), "--out", str(tmp_path / "run"), "--calibration", str(tmp_path / "empty")]
    assert main(words) == 2
    assert "no readable calibration.json" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("content", ["", "{}\n", '{"exchange_id": "a"}\n'])
def test_traffic_that_yields_nothing_is_one_clear_error(tmp_path: Path, content: str, capsys: Any) -> None:
    (tmp_path / "log.jsonl").write_text(content)
    assert main(["calibrate", str(tmp_path / "log.jsonl"), "--out", str(tmp_path / "c")]) == 3
    assert "remedy" in capsys.readouterr().err and not (tmp_path / "c").exists()


def test_nobody_benign_is_a_calibration_of_none_and_changes_no_verdict(tmp_path: Path, capsys: Any) -> None:
    rows = [{"exchange_id": f"x{n}", "sent_at": f"2026-03-01T10:00:{n:02d}Z", "account_id": "a", "prompt": "tides"}
            for n in range(9)]  # fmt: skip
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run("calibrate", log, "--out", tmp_path / "c")
    assert facts_of(tmp_path / "c")["operators"]["own"] == 0
    for name, words in (("with", ["--calibration", tmp_path / "c"]), ("without", [])):
        run("scan", log, "--out", tmp_path / name, "--threads", 1, *words)
    assert (tmp_path / "with" / "report.json").read_bytes() == (tmp_path / "without" / "report.json").read_bytes()


def test_a_calibration_is_replaced_only_with_force_and_nothing_else_ever_is(
    firms: Firms, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "c"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    words = ["calibrate", str(firms.traffic), "--out", str(out)]
    assert main([*words, "--force"]) == 2
    assert "not a calibration folder" in capsys.readouterr().err
    (out / "notes.txt").unlink()
    run(*words)
    assert main(words) == 2
    run(*words, "--force")


def test_every_option_of_calibrate_reaches_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    calls: list[tuple[Settings, CalibrateOptions]] = []

    def stand_in(inputs: object, out: object, settings: Settings, options: CalibrateOptions, progress: object) -> Any:
        calls.append((settings, options))
        return {"inputs": inputs}

    monkeypatch.setattr(calibration, "calibrate", stand_in)
    Path("table.csv").touch()
    options = {
        "--format": "litellm", "--accounts": "table.csv", "--register": "table.csv", "--labels": "table.csv",
        "--from": "2026-03-01", "--to": "2026-03-02", "--timezone": "Europe/Paris", "--force": None,
        "--no-content": None,
    }  # fmt: skip
    settings = {"--threads": "1", "--memory": "2GB"}
    run("calibrate", "x", "--out", "c", "--json")
    for option, value in (options | settings).items():
        run("calibrate", "x", "--out", "c", "--json", option, *([value] if value else []))
    changed = [
        [field.name for field in fields(options) if getattr(options, field.name) != getattr(calls[0][1], field.name)]
        for _, options in calls[1 : len(options) + 1]
    ]
    assert changed == [
        ["format"], ["accounts"], ["register"], ["labels"], ["start"], ["end"], ["timezone"], ["force"],
        ["content"],
    ]  # fmt: skip
    assert (calls[-2][0].threads, calls[-1][0].memory) == (1, "2GB")
    command = typer.main.get_command(app).commands["calibrate"].real()  # type: ignore[attr-defined]
    offered = {word for one in command.params for word in one.opts if word.startswith("--")}
    assert offered == {"--out", "--json", "--help", *options, *settings} - ({"--help"} - offered)
