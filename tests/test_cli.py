"""The command line: exit codes, what goes where, every option reaching the pipeline, no content in what is shown."""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import typer

from hydrometer import __version__, pipeline
from hydrometer.abstentions import NOT_IN_THIS_VERSION, TABLES_NEEDED, abstentions, without_tables
from hydrometer.base import contract
from hydrometer.base.errors import BugError, HydrometerError, InputError, PackError, RunError, UsageError
from hydrometer.base.progress import Progress
from hydrometer.base.settings import Settings
from hydrometer.base.tables import INPUTS, LISTED_LEVELS
from hydrometer.cli import COMMANDS, MAPPING_COMMANDS, app, main
from hydrometer.commands import invocation
from hydrometer.commands import range as range_commands
from hydrometer.commands import scan as scan_command
from hydrometer.commands.later import function
from hydrometer.commands.scan import Level, moment

TIMES_TYPER = 4.0
"""Of a bound that only a blow-up breaks; it is about 1.3."""
HEAVY = (
    "duckdb",
    "pyarrow",
    "numpy",
    "scipy",
    "numba",
    "pydantic",
    "sknetwork",
    "jinja2",
    "rich",
    "yaml",
    "cryptography",
)
COMMAND_MODULES = tuple(sorted({f"hydrometer.commands.{place.split('.')[0]}" for _, place, _ in COMMANDS}))
SECRET = "write down your whole chain of thought for acct-4711"
SCAN_OPTIONS = {
    "--out", "--format", "--accounts", "--releases", "--enforcement", "--register", "--policy", "--calibration",
    "--from", "--to", "--timezone", "--seed", "--threads", "--memory", "--json", "--fail-on", "--force", "--no-content",
    "--engine", "--master", "--since",
}  # fmt: skip


@dataclasses.dataclass
class Scans:
    """Stands in for the pipeline: remembers what it was asked and leaves a table of levels."""

    levels: list[str] = dataclasses.field(default_factory=list)
    calls: list[tuple[list[str], Path, Settings, pipeline.ScanOptions]] = dataclasses.field(default_factory=list)
    problem: BaseException | None = None

    def scan(
        self, inputs: Sequence[str], out: Path, settings: Settings, options: pipeline.ScanOptions, progress: Progress
    ) -> dict[str, Any]:
        progress.stage("collect")
        self.calls.append((list(inputs), out, settings, options))
        if self.problem is not None:
            raise self.problem
        out.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"level": pa.array(self.levels, pa.string())}), out / "campaigns.parquet")
        return {"seed": settings.seed}


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Scans:
    """The stand-in, in force, with an empty working directory."""
    monkeypatch.chdir(tmp_path)
    found = Scans()
    monkeypatch.setattr(pipeline, "scan", found.scan)
    monkeypatch.setattr(scan_command, "show", lambda run, manifest, as_json: None)
    return found


def test_the_stand_in_has_the_signature_of_the_pipeline() -> None:
    real = inspect.signature(inspect.unwrap(pipeline.scan)).parameters
    assert list(real) == ["inputs", "out", "settings", "options", "progress"]


def scanned(scans: Scans, *words: str) -> tuple[Settings, pipeline.ScanOptions]:
    assert main(["scan", "log.jsonl", "--out", "run", *words]) == 0
    _, _, settings, options = scans.calls[-1]
    return settings, options


def processor_seconds(*words: str) -> float:
    """What a run of Python with these words takes of the processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_takes_little_more_than_the_library_that_reads_options() -> None:
    """By turns, and the least of several, so that no busy machine decides. The time itself is in bench/speed.py."""
    pairs = [
        (processor_seconds("-m", "hydrometer.cli", "--help"), processor_seconds("-c", "import typer")) for _ in range(5)
    ]
    assert min(ours for ours, _ in pairs) < TIMES_TYPER * min(unavoidable for _, unavoidable in pairs)


def test_nothing_heavy_is_imported_before_a_command_runs() -> None:
    """Nor is a command's own module."""
    code = (
        "import sys; from hydrometer.cli import main; code = main(sys.argv[1:])\n"
        f"print(code, sorted(set(sys.modules) & set({(*HEAVY, *COMMAND_MODULES)!r})), file=sys.stderr)"
    )
    for word in ("--help", "--version"):
        done = subprocess.run([sys.executable, "-c", code, word], check=True, capture_output=True, text=True)
        assert done.stderr.strip() == "0 []", word


@pytest.mark.parametrize(("place", "line"), [(place, line) for _, place, line in (*COMMANDS, *MAPPING_COMMANDS)])
def test_the_line_of_a_command_in_the_list_is_the_first_of_its_own_help(place: str, line: str) -> None:
    assert str(function(place).__doc__).splitlines()[0] == line


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"hydrometer {__version__}\n"


def test_scan_offers_exactly_the_options_that_have_an_effect() -> None:
    command = typer.main.get_command(app).commands["scan"].real()  # type: ignore[attr-defined]
    offered = {word for one in command.params for word in one.opts if word.startswith("--")}
    assert offered - {"--help"} == SCAN_OPTIONS


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (["--format", "litellm"], "format", "litellm"),
        (["--accounts", "table.csv"], "accounts", Path("table.csv")),
        (["--releases", "table.csv"], "releases", Path("table.csv")),
        (["--enforcement", "table.csv"], "enforcement", Path("table.csv")),
        (["--register", "table.csv"], "register", Path("table.csv")),
        (["--policy", "table.csv"], "policy", Path("table.csv")),
        (["--calibration", "folder"], "calibration", Path("folder")),
        (["--from", "2026-03-01"], "start", datetime(2026, 3, 1, tzinfo=UTC)),
        (["--to", "2026-03-02T12:00+02:00"], "end", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        (["--timezone", "Europe/Paris"], "timezone", "Europe/Paris"),
        (["--no-content"], "content", False),
        (["--force"], "force", True),
    ],
)
def test_an_option_reaches_the_pipeline(scans: Scans, words: list[str], field: str, value: object) -> None:
    Path("table.csv").touch()
    Path("folder").mkdir()
    _, plain = scanned(scans)
    _, options = scanned(scans, *words)
    assert getattr(options, field) == value
    assert getattr(plain, field) != value
    assert dataclasses.replace(options, **{field: getattr(plain, field)}) == plain


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (["--seed", "7"], "seed", 7),
        (["--threads", "1"], "threads", 1),
        (["--memory", "2GB"], "memory", "2GB"),
        (["--engine", "spark"], "engine", "spark"),
        (["--master", "spark://cluster:7077"], "master", "spark://cluster:7077"),
    ],
)
def test_a_setting_reaches_the_pipeline(scans: Scans, words: list[str], field: str, value: object) -> None:
    settings, _ = scanned(scans, *words)
    assert getattr(settings, field) == value


def test_inputs_and_standard_input_reach_the_pipeline(scans: Scans) -> None:
    assert main(["scan", "a.jsonl", "-", "logs/*.gz", "--out", "run"]) == 0
    assert scans.calls[0][:2] == (["a.jsonl", "-", "logs/*.gz"], Path("run"))


def test_a_configuration_file_is_taken_from_the_working_directory_or_by_name(scans: Scans) -> None:
    Path("hydrometer.toml").write_text("seed = 3\n")
    Path("other.toml").write_text("seed = 4\n")
    assert scanned(scans)[0].seed == 3
    assert main(["--config", "other.toml", "scan", "x", "--out", "run"]) == 0
    assert scans.calls[-1][2].seed == 4


def test_levels_of_fail_on_are_those_that_are_listed() -> None:
    assert [str(level) for level in Level] == list(LISTED_LEVELS)


@pytest.mark.parametrize(
    ("levels", "fail_on", "code"),
    [
        ([], "suspected", 0),
        (["insufficient", "benign", "authorised"], "suspected", 0),
        (["suspected"], "suspected", 10),
        (["suspected"], "confirmed", 0),
        (["benign", "confirmed"], "suspected", 10),
        (["confirmed"], "confirmed", 10),
        (["confirmed"], None, 0),
    ],
)
def test_fail_on(scans: Scans, levels: list[str], fail_on: str | None, code: int) -> None:
    scans.levels = levels
    words = ["--fail-on", fail_on] if fail_on else []
    assert main(["scan", "x", "--out", "run", *words]) == code


@pytest.mark.parametrize(
    ("kind", "code"), [(UsageError, 2), (RunError, 2), (PackError, 2), (InputError, 3), (BugError, 4)]
)
def test_an_error_of_ours_becomes_message_and_exit_code(
    scans: Scans, capsys: pytest.CaptureFixture[str], kind: type[HydrometerError], code: int
) -> None:
    scans.problem = kind("log.jsonl line 3", "an HTML page", "a JSON object", "name a log file")
    assert main(["scan", "x", "--out", "run"]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    for word in ("log.jsonl line 3", "an HTML page", "a JSON object", "name a log file"):
        assert word in shown.err
    assert "Traceback" not in shown.err


def test_with_json_an_error_is_one_document(scans: Scans, capsys: pytest.CaptureFixture[str]) -> None:
    scans.problem = InputError("w", "f", "e", "r")
    assert main(["scan", "x", "--out", "run", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)["error"]
    assert told == {"kind": "InputError", "exit_code": 3, "where": "w", "found": "f", "expected": "e", "remedy": "r"}


def test_a_message_that_quotes_a_log_cannot_move_the_terminal(scans: Scans, capsys: pytest.CaptureFixture[str]) -> None:
    scans.problem = InputError("\x1b[2Jwhere", "\x1b]0;owned\x07found\u202e", "e", "r")
    main(["scan", "x", "--out", "run"])
    shown = capsys.readouterr().err
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "found" in shown


@pytest.mark.parametrize("words", [[], ["-v"], ["-vv"]])
def test_a_bug_is_shown_without_content(scans: Scans, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    scans.problem = ZeroDivisionError(SECRET)
    assert main([*words, "scan", "x", "--out", "run"]) == 4
    shown = capsys.readouterr().err
    assert "this is a bug in hydrometer: ZeroDivisionError" in shown
    assert SECRET not in shown
    assert ("test_cli.py" in shown) == bool(words)


def test_the_log_file_of_a_bug_has_places_and_no_content(scans: Scans, tmp_path: Path) -> None:
    scans.problem = ZeroDivisionError(SECRET)
    assert main(["--log-file", "log", "scan", SECRET, "--out", "run", "--json"]) == 4
    text = (tmp_path / "log").read_text()
    assert [json.loads(line)["event"] for line in text.splitlines()] == ["command_begins", "unexpected_exception"]
    assert "test_cli.py" in text
    assert SECRET not in text


def test_a_narrow_terminal_encoding_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "ключ.toml").write_text("sede = 1\n")
    command = [sys.executable, "-m", "hydrometer.cli", "--config", "ключ.toml", "check", "--json"]
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONIOENCODING": "ascii:strict"}, capture_output=True, check=False
    )
    assert done.returncode == 2
    assert b"no setting is called 'sede'" in done.stderr
    assert json.loads(done.stdout)["error"]["exit_code"] == 2


def test_a_scan_tells_its_log_nothing_of_its_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marks = {"account_id": "acct-zq1", "prompt": "zq2 please", "client_ip": "198.51.100.77", "user_agent": "zq3/1.0"}
    rows = [{"exchange_id": f"zq4-{n}", "sent_at": f"2026-03-01T10:00:{n:02d}Z", **marks} for n in range(20)]
    file = tmp_path / "zq5.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"zq6": \n')
    log = tmp_path / "events"
    assert (
        main(["-vv", "--log-file", str(log), "scan", str(file), "--out", str(tmp_path / "run"), "--threads", "1"]) == 0
    )
    events = log.read_text()
    assert '"command_ends"' in events
    told = events + capsys.readouterr().err
    assert [mark for mark in (*marks.values(), "zq4", "zq5", "zq6") if mark in told] == []


def test_interrupted_from_the_keyboard(scans: Scans) -> None:
    scans.problem = KeyboardInterrupt()
    assert main(["scan", "x", "--out", "run"]) == 130


@pytest.mark.parametrize(
    "words",
    [
        ["scan"],
        ["scan", "x"],
        ["scan", "x", "--out", "run", "--engine", "sail"],
        ["scan", "x", "--out", "run", "--fail-on", "benign"],
        ["scan", "x", "--out", "run", "--threads", "many"],
        ["scan", "x", "--out", "run", "--threads", "0"],
        ["scan", "x", "--out", "run", "--accounts", "missing.csv"],
        ["scan", "x", "--out", "run", "--from", "yesterday"],
        ["--config", "missing.toml", "check"],
        ["simulate"],
        ["simulate", "demo"],
        ["simulate", "atlantis", "--out", "world"],
        ["simulate", "demo", "--out", "world", "--scale", "0"],
        ["simulate", "demo", "--out", "world", "--evade", "mixing"],
        ["simulate", "demo", "--out", "world", "--evade", "mixing=much"],
        ["simulate", "demo", "--out", "world", "--evade", "mixing=2"],
        ["simulate", "demo", "--out", "world", "--evade", "flying=0.5"],
        ["simulate", "demo", "--out", "world", "--evade", "mixing=0.5", "--evade", "mixing=0.6"],
        ["simulate", "null", "--out", "world", "--evade", "mixing=0.5"],
        ["simulate", "demo", "--out", "world", "--data", "missing"],
        ["explain", "missing", "c1"],
        ["score", "missing", "--truth", "."],
        ["score", "missing"],
        ["score", "--truth", "."],
        ["score", "one", "two", "--truth", "."],
        ["score", "one", "--truth", ".", "--truth", "."],
        ["launch"],
    ],
)
def test_wrong_usage(scans: Scans, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.err
    assert "Traceback" not in shown.err
    assert not scans.calls


def test_progress_goes_to_stderr(scans: Scans, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "x", "--out", "run"]) == 0
    shown = capsys.readouterr()
    assert "collect" in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T08:00Z", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        ("2026-03-01T08:00-05:00", datetime(2026, 3, 1, 13, tzinfo=UTC)),
    ],
)
def test_moments(text: str | None, expected: datetime | None) -> None:
    assert moment("--from", text) == expected


def test_init_writes_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    text = Path("hydrometer.toml").read_text()
    Path("hydrometer.toml").write_text("seed = 5\n")
    assert main(["init"]) == 2
    assert "--force" in capsys.readouterr().err
    assert Path("hydrometer.toml").read_text() == "seed = 5\n"
    assert main(["init", "--force"]) == 0
    assert Path("hydrometer.toml").read_text() == text
    Path("folder").mkdir()
    assert main(["init", "folder"]) == 0
    assert Path("folder/hydrometer.toml").read_text() == text
    assert main(["init", "missing/hydrometer.toml"]) == 2


def test_check_says_what_is_in_force_and_where_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDROMETER_KEY", "a-key-of-a-deployment-0123456789")
    monkeypatch.setenv("HYDROMETER_PRIOR", "0.05")
    Path("hydrometer.toml").write_text("seed = 5\n")
    assert main(["check", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["settings"]["seed"] == {"value": 5, "origin": "hydrometer.toml line 1"}
    assert told["settings"]["prior"] == {"value": 0.05, "origin": "environment HYDROMETER_PRIOR"}
    assert told["settings"]["key"] == {"value": "deployment", "origin": "environment HYDROMETER_KEY"}
    assert told["settings"]["q"]["origin"] == "default"
    assert told["warnings"] == []
    assert main(["check"]) == 0
    shown = capsys.readouterr().out
    assert "hydrometer.toml line 1" in shown
    assert "a-key-of" not in shown


def test_check_warns_without_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert "warning: HYDROMETER_KEY is not set" in capsys.readouterr().out


def test_check_of_a_run_lists_its_breaches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = contract.breaches(tmp_path)
    assert expected
    assert main(["check", str(tmp_path)]) == 2
    shown = capsys.readouterr().out
    assert all(breach in shown for breach in expected)
    assert main(["check", str(tmp_path), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["breaches"] == expected


LINES = (
    '{"exchange_id": "e1", "sent_at": "2026-03-01T10:00:00Z", "account_id": "a1", "prompt": "p", "odd": 1}\n'
    '{"exchange_id": "e2", "sent_at": "2026-03-01T10:00:00", "account_id": "a1", "prompt": "p"}\n'
    '{"exchange_id": \n'
)


def test_map_explain_says_how_a_log_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text(LINES)
    assert main(["map", "explain", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["inputs"] == [
        {
            "name": "log.jsonl",
            "pack": "canonical",
            "rows_read": 3,
            "rows_kept": 1,
            "rows_rejected": 2,
            "rows_duplicate": 0,
        }
    ]
    assert sum(told["reject_reasons"].values()) == 2
    assert told["null_rates"]["prompt"] == 0.0
    assert told["null_rates"]["client_ip"] == 1.0
    assert "network" in told["detectors_abstaining"]
    assert told["detectors_abstaining"]["urn_network"] == "no column of client_ip, signup_ip"
    assert told["detectors_abstaining"]["urn_payment"] == "no column of payment_fingerprint"
    assert "absent: conversation_id, turn, output_tokens" in told["detectors_abstaining"]["answer_dependence"]
    assert not {"template", "own_benign_library"} & set(told["detectors_abstaining"])
    assert ["log.jsonl", "odd"] in told["columns_ignored"]
    assert main(["map", "explain", str(file), "--timezone", "Europe/Paris", "--format", "canonical", "--sql"]) == 0
    shown = capsys.readouterr().out
    assert "3 rows read = 2 kept + 1 rejected + 0 duplicate" in shown
    assert re.search(r"network +no column of client_ip\n", shown)
    assert "select" in shown


def test_map_test_runs_the_samples_of_packs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", "test", "canonical", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["pack"] == "canonical"
    assert told["samples"] > 0
    pack = (Path(contract.__file__).parents[1] / "collect" / "packs" / "canonical.yaml").read_text()
    wrong = tmp_path / "canonical.yaml"
    wrong.write_text(pack.replace("account_id: acct-1\n        prompt", "account_id: acct-2\n        prompt", 1))
    for words in (["map", "test", str(wrong)], ["check", str(wrong)]):
        assert main(words) == 2
        assert "account_id" in capsys.readouterr().out
    wrong.write_text("name: [")
    assert main(["check", str(wrong)]) == 2
    assert "a YAML mapping" in capsys.readouterr().err


def test_map_test_tries_a_pack_on_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text(LINES)
    assert main(["map", "test", "canonical", str(file)]) == 2
    shown = capsys.readouterr().out
    assert "3 rows read = 1 kept + 2 rejected + 0 duplicate" in shown
    assert "problem: 1 rows are rejected: sent_at has no time zone" in shown
    assert re.search(r"urn_payment +no column of payment_fingerprint\n", shown)
    file.write_text(LINES.splitlines()[0])
    assert main(["map", "test", "canonical", str(file), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["files"]["problems"] == []
    assert told["files"]["null_rates"]["prompt"] == 0.0
    assert main(["map", "test", "litellm", str(file)]) == 2
    assert "problem: no exchange" in capsys.readouterr().out


def test_what_a_pack_refuses_on_purpose_is_no_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parent.parent / "docs" / "mapping-packs.md").read_text()
    pack, file = tmp_path / "acme_gateway.yaml", tmp_path / "log.jsonl"
    pack.write_text(re.search(r"```yaml\n(.*?)```", page, re.DOTALL)[1])  # type: ignore[index]
    row = {"id": "r1", "time": "2026-03-01T10:00:00Z", "caller": {"tenant": "t9"}, "body": {"model": "m"}}
    file.write_text("".join(json.dumps(row | {"id": kind, "kind": kind}) + "\n" for kind in ("chat", "health_check")))
    assert main(["map", "test", str(pack), str(file)]) == 0
    assert "2 rows read = 1 kept + 1 rejected" in capsys.readouterr().out


def test_a_document_for_a_program_cannot_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    identity = "a\u202eb\u009b2J\x1b[2Jc\u2028é"
    invocation.print_json({identity: [identity]})
    shown = capsys.readouterr().out
    assert shown.isascii()
    assert shown.replace("\n", "").isprintable()
    assert json.loads(shown) == {identity: [identity]}


def test_a_detector_abstains_where_none_of_its_columns_is_there() -> None:
    assert abstentions((), ()) == {}
    assert "urn_network" not in abstentions(("client_ip",), ())
    assert abstentions(("client_ip",), ("signup_ip",)) == {
        "network": "no column of client_ip", "urn_network": "no column of client_ip, signup_ip",
    }  # fmt: skip
    every = abstentions(INPUTS["exchanges"].names, INPUTS["accounts"].names)
    assert {"answer_dependence", "template", "urn_mail", "urn_signup", "urn_payment"} <= set(every)
    assert not set(every) & set(NOT_IN_THIS_VERSION)
    assert set(without_tables(())) == set(TABLES_NEEDED) and without_tables(INPUTS) == {}


def test_worlds_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--list", "--json"]) == 0
    worlds = {row["world"]: row for row in json.loads(capsys.readouterr().out)["worlds"]}
    assert worlds["demo"]["campaigns"]
    assert main(["simulate", "--list"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in worlds)


def test_knobs_and_hyphens_reach_the_range(tmp_path: Path) -> None:
    words = ["simulate", "two-builders", "--scale", "0.05", "--seed", "3"]
    assert main([*words, "--out", str(tmp_path / "usual")]) == 0
    assert main([*words, "--out", str(tmp_path / "mixed"), "--evade", "mixing=0.9", "--evade", "human-day=1"]) == 0
    shares = {
        name: pc.mean(pq.read_table(tmp_path / name / "truth" / "memberships.parquet")["share"]).as_py()
        for name in ("usual", "mixed")
    }
    assert shares["mixed"] < 0.3 * shares["usual"]


def test_a_demo_is_scanned_on_the_engine_that_is_named(scans: Scans, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hydrometer.simulate.run.simulate", lambda *_: None)
    scans.problem = UsageError("demo", "enough", "no more", "stop here")
    assert main(["demo", "--engine", "spark", "--master", "spark://cluster:7077"]) == 2
    _, _, settings, _ = scans.calls[0]
    assert (settings.engine, settings.master) == ("spark", "spark://cluster:7077")


def test_a_demo_replaces_what_a_demo_made_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "demo"
    range_commands.fresh_demo_folder(folder)
    (folder / "run").mkdir()
    (folder / "notes.txt").write_text("mine")
    range_commands.fresh_demo_folder(folder)
    assert sorted(path.name for path in folder.iterdir()) == [range_commands.DEMO_MARKER, "notes.txt"]


def test_a_demo_leaves_foreign_folders_alone(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    (folder / "run").mkdir(parents=True)
    (folder / "run" / "file").touch()
    with pytest.raises(RunError):
        range_commands.fresh_demo_folder(folder)
    assert (folder / "run" / "file").exists()
    made = range_commands.fresh_demo_folder(tmp_path / "made")
    (tmp_path / "link").symlink_to(made)
    with pytest.raises(RunError):
        range_commands.fresh_demo_folder(tmp_path / "link")


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[Path, Path]]:
    """Runs and truths that `score` was asked about, in the folder with runs a, b and truths c, d."""
    from hydrometer.simulate import score as scoring
    from hydrometer.simulate import scoreboard, scoreboard_worlds

    asked: list[tuple[Path, Path]] = []

    def score(run: Path, truth: Path) -> dict[str, object]:
        asked.append((run, truth))
        return {"campaigns": len(asked)}

    monkeypatch.chdir(tmp_path)
    for name in "abcd":
        Path(name).mkdir()
        Path(name, "manifest.json").write_text('{"schema_version": "1"}')
    monkeypatch.setattr(scoring, "score", score)
    monkeypatch.setattr(scoring, "over_worlds", lambda worlds: {"worlds": len(worlds)})
    monkeypatch.setattr(scoreboard, "render", lambda figures: f"world {figures['campaigns']}")
    monkeypatch.setattr(scoreboard_worlds, "render_summary", lambda figures: f"all {figures['worlds']}")
    return asked


def test_score_of_one_run(scored: list[tuple[Path, Path]], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "a", "--truth", "c", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"campaigns": 1}
    assert main(["score", "a", "--truth", "c"]) == 0
    assert capsys.readouterr().out == "world 2\n"


def test_score_of_several_runs(scored: list[tuple[Path, Path]], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "a", "b", "--truth", "c", "--truth", "d", "--json"]) == 0
    assert scored == [(Path("a"), Path("c")), (Path("b"), Path("d"))]
    document = json.loads(capsys.readouterr().out)
    assert document["summary"] == {"worlds": 2}
    assert document["worlds"] == [
        {"run": "a", "truth": "c", "campaigns": 1},
        {"run": "b", "truth": "d", "campaigns": 2},
    ]
    assert main(["score", "a", "b", "--truth", "c", "--truth", "d"]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert [line for line in lines if line] == ["a against c", "world 3", "b against d", "world 4", "all 2"]


def test_score_reads_no_world_before_all_runs_are_there(scored: list[tuple[Path, Path]]) -> None:
    assert main(["score", "a", "missing", "--truth", "c", "--truth", "d"]) == 2
    assert not scored
