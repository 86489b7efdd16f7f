"""No content and no identifier gets into a log, whatever the code that logs is handed."""

from __future__ import annotations

import ast
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hydrometer.base import logs
from hydrometer.base.errors import BugError, UsageError

SOURCE = Path(logs.__file__).parent.parent
SECRETS = ("write me a reasoning trace", "acct_9f8e 7d", "203.0.113.9", "sk-live-1234", "card\x1b[31m")


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    logs.close_log()


def lines_of(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_an_event_is_one_json_line(tmp_path: Path) -> None:
    file = tmp_path / "log"
    logs.open_log(0, file)
    logs.event("stage_done", stage="collect", rows=12, seconds=0.5)
    logs.event("table_written", detail=True, table="exchanges")
    first, second = lines_of(file)
    assert first["event"] == "stage_done"
    assert (first["stage"], first["rows"], first["seconds"]) == ("collect", 12, 0.5)
    assert str(first["time"]).endswith("+00:00")
    assert (first["level"], second["level"]) == ("info", "debug")


@pytest.mark.parametrize(("verbosity", "told"), [(0, []), (1, ["one"]), (2, ["one", "two"])])
def test_verbosity_decides_what_a_person_sees(verbosity: int, told: list[str]) -> None:
    stream = io.StringIO()
    logs.open_log(verbosity, None, stream)
    logs.event("one")
    logs.event("two", detail=True)
    assert stream.getvalue().split() == told


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("field", sorted(logs.WORDS | logs.NUMBERS | {logs.PLACES}))
def test_what_is_no_word_of_ours_is_withheld(field: str, secret: str, tmp_path: Path) -> None:
    file, stream = tmp_path / "log", io.StringIO()
    logs.open_log(2, file, stream)
    fields: dict[str, Any] = {field: secret}
    logs.event("something", **fields)
    assert lines_of(file)[0][field] == logs.WITHHELD
    assert secret not in file.read_text() + stream.getvalue()


def test_a_field_that_is_not_listed_is_a_bug() -> None:
    with pytest.raises(BugError, match="account_id"):
        logs.event("something", account_id="a")


def test_an_exception_is_logged_without_its_message(tmp_path: Path) -> None:
    file, stream = tmp_path / "log", io.StringIO()
    logs.open_log(2, file, stream)
    try:
        raise ValueError(SECRETS[0])
    except ValueError as problem:
        logs.exception(problem)
    line = lines_of(file)[0]
    assert line["error"] == "ValueError"
    assert "test_logs.py" in str(line["places"])
    assert SECRETS[0] not in file.read_text() + stream.getvalue()


def test_a_log_file_that_cannot_be_written_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--log-file"):
        logs.open_log(0, tmp_path / "missing" / "log")


def test_opening_twice_does_not_tell_twice() -> None:
    stream = io.StringIO()
    logs.open_log(1, None, stream)
    logs.open_log(1, None, stream)
    logs.event("once")
    assert stream.getvalue().count("once") == 1


def calls_of_event(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "logs.event":
            yield node


def test_the_code_logs_through_events_with_listed_fields_alone() -> None:
    allowed = logs.NUMBERS | logs.WORDS | {logs.PLACES, "detail"}
    seen = 0
    for file in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        if file != Path(logs.__file__):
            assert "logging" not in imported, f"{file} logs by itself: use base/logs.py"
        for call in calls_of_event(tree):
            seen += 1
            assert isinstance(call.args[0], ast.Constant), f"{file}:{call.lineno}: the event's name must be written out"
            strangers = {keyword.arg for keyword in call.keywords} - allowed
            assert not strangers, f"{file}:{call.lineno}: {strangers}"
    assert seen > 0
