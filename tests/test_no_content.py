"""A scan without content: nothing that anybody wrote is stored, at any moment, whatever the log is written in."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hydrometer import pipeline
from hydrometer.abstentions import PROMPT_TESTS
from hydrometer.base.contract import breaches
from hydrometer.base.errors import PackError, UsageError
from hydrometer.base.progress import SilentProgress
from hydrometer.base.settings import Settings
from hydrometer.base.workspace import Workspace
from hydrometer.cli import main
from hydrometer.collect.mapping_pack import shipped_packs
from hydrometer.collect.options import CollectOptions
from hydrometer.collect.run import collect, collect_with
from hydrometer.fingerprint.run import fingerprint
from hydrometer.simulate.run import simulate

CANARY = "zanzibar quagga sings at noon"
MARK = "quagga"
"""A word of the canary that nothing else here has; pieces of it would be found as well."""
SCALE = 0.6


def texts(value: Any) -> Iterator[str]:
    """All strings in some values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode(errors="replace")
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (*texts(key), *texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def readable(file: Path) -> bool:
    """Whether a person could read the canary in a file: in a table by its values, in others by their bytes."""
    body = file.read_bytes()
    if MARK.encode() in body:
        return True
    if len(body) <= 8 or body[:4] != b"PAR1" or body[-4:] != b"PAR1":
        return False
    return any(MARK in text for column in pq.read_table(file).columns for text in texts(column.to_pylist()))


def holding(folder: Path, looked_at: dict[bytes, bool] | None = None) -> set[str]:
    """Files below a folder in which a person could read the canary.

    Args:
        folder: where they lie.
        looked_at: answers by the hash of a file's bytes; a file with the same ones is not taken apart again.
    """
    known = {} if looked_at is None else looked_at
    found = set()
    for file in (one for one in folder.rglob("*") if one.is_file()):
        body = hashlib.sha256(file.read_bytes()).digest()
        if body not in known:
            known[body] = readable(file)
        if known[body]:
            found.add(file.name)
    return found


class Watch(SilentProgress):
    """Looks through the folder of an unfinished run whenever it is told of a step."""

    def __init__(self, unfinished: Path) -> None:
        self.unfinished = unfinished
        self.found: set[str] = set()
        self.looks = 0
        self.looked_at: dict[bytes, bool] = {}

    def stage(self, name: str) -> None:
        self.look()

    def advance(self, done: int, total: int | None = None) -> None:
        self.look()

    def look(self) -> None:
        self.looks += 1
        self.found |= holding(self.unfinished, self.looked_at)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small world with a canary in prompts, system prompts, answers and names of tools of all its accounts."""
    folder = tmp_path_factory.mktemp("planted")
    simulate("gateway", folder / "world", seed=5, scale=SCALE, jobs=1)
    file = folder / "world" / "traffic" / "exchanges.parquet"
    rows = pq.read_table(file)
    for name in ("prompt", "system_instructions", "response"):
        said = [f"{text or ''} {CANARY}" if n % 3 == 0 else text for n, text in enumerate(rows[name].to_pylist())]
        rows = rows.set_column(rows.schema.get_field_index(name), name, pa.array(said, pa.string()))
    tools = [[*(names or ()), CANARY] if n % 3 == 0 else names for n, names in enumerate(rows["tools"].to_pylist())]
    place = rows.schema.get_field_index("tools")
    pq.write_table(rows.set_column(place, "tools", pa.array(tools, pa.list_(pa.string()))), file)
    return folder / "world" / "traffic"


def scanned(traffic: Path, out: Path, *, content: bool) -> tuple[dict[str, Any], Watch]:
    watch = Watch(out.parent / f".{out.name}.unfinished")
    options = pipeline.ScanOptions(content=content)
    return pipeline.scan([str(traffic)], out, Settings(threads=1), options, watch), watch


@dataclass(frozen=True)
class Unread:
    """A scan of that world that reads no text, its manifest, and who watched it."""

    run: Path
    manifest: dict[str, Any]
    watch: Watch


@pytest.fixture(scope="module")
def unread(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> Unread:
    run = tmp_path_factory.mktemp("unread") / "run"
    return Unread(run, *scanned(planted, run, content=False))


def test_nothing_readable_is_left_or_lay_there_meanwhile(unread: Unread) -> None:
    run, manifest, watch = unread.run, unread.manifest, unread.watch
    assert watch.looks > 10 and watch.found == set()
    assert holding(run) == set()
    assert breaches(run) == []
    assert manifest["content_free"] is True
    report = json.loads((run / "report.json").read_text())
    assert report["content_free"] is True and any("Content-free" in one for one in report["caveats"])
    assert ">content-free<" in (run / "report.html").read_text()
    assert {*PROMPT_TESTS, "intent", "template", "system_prompt", "language", "answer_dependence"} <= set(
        manifest["detectors_abstained"]
    )
    assert {"prompt", "system_instructions", "response"} <= set(manifest["columns_absent"]["exchanges"])
    signals = {row["signal"] for row in pq.read_table(run / "evidence.parquet").to_pylist()}
    assert "harvest_metadata" in signals
    assert not signals & {"harvest", "harvest_form", "intent", "urn_text", "disjointness", "template_focus"}


def test_the_watch_sees_a_canary_where_a_log_is_copied(planted: Path, tmp_path: Path) -> None:
    """A log of other types than the canonical ones is copied with its texts; a sound one is read where it lies."""
    copied = tmp_path / "traffic"
    shutil.copytree(planted, copied)
    rows = pq.read_table(copied / "exchanges.parquet")
    place = rows.schema.get_field_index("input_tokens")
    short = rows.set_column(place, "input_tokens", rows["input_tokens"].cast(pa.int32()))
    pq.write_table(short, copied / "exchanges.parquet")
    assert scanned(copied, tmp_path / "other", content=True)[1].found == {"exchanges.parquet"}
    manifest, watch = scanned(planted, tmp_path / "run", content=True)
    assert watch.looks > 10 and watch.found == set()
    assert manifest["content_free"] is False
    assert "harvest_metadata" not in {
        row["signal"] for row in pq.read_table(tmp_path / "run" / "evidence.parquet").to_pylist()
    }


def test_no_figure_is_made_from_a_text(planted: Path, tmp_path: Path) -> None:
    """Two logs that differ in their texts alone have the same fingerprints."""
    rows = pq.read_table(planted / "exchanges.parquet")
    other = tmp_path / "other"
    other.mkdir()
    for name in ("prompt", "system_instructions", "response"):
        rows = rows.set_column(rows.schema.get_field_index(name), name, pa.array([f"{n}" for n in range(len(rows))]))
    pq.write_table(rows, other / "exchanges.parquet")
    found = []
    for number, traffic in enumerate((planted / "exchanges.parquet", other / "exchanges.parquet")):
        workspace = Workspace(tmp_path / f"work{number}", threads=1)
        collect([str(traffic)], CollectOptions(content=False), workspace, lambda *_: None)
        fingerprint(workspace, b"key", lambda *_: None)
        found.append(workspace.read("fingerprints"))
        workspace.close()
    assert found[0].equals(found[1])
    assert not any(
        any(found[0][name].to_pylist()) for name in ("opening", "skeleton", "item", "words", "system_prompt")
    )
    assert found[0]["tool_set"].null_count < len(found[0])


# --- every way in ----------------------------------------------------------------------------------------------------


def canonical(folder: Path) -> Path:
    row = {
        "exchange_id": "a", "sent_at": "2026-03-01T10:00:00Z", "account_id": "x", "prompt": CANARY,
        "system_instructions": CANARY, "response": CANARY, "tools": [CANARY, "other"],
    }  # fmt: skip
    (folder / "log.jsonl").write_text(json.dumps(row) + "\n" + '{"prompt": "' + CANARY + "\n" + CANARY + '"}\n')
    return folder / "log.jsonl"


def comma_values(folder: Path) -> Path:
    (folder / "log.csv").write_text(
        "exchange_id,sent_at,account_id,prompt,tools\n"
        f'a,2026-03-01T10:00:00Z,x,"{CANARY}","[""{CANARY}"", ""other""]"\nb,2026-03-01,x,"{CANARY}",\n'
    )
    return folder / "log.csv"


def columns(folder: Path) -> Path:
    moment = pa.array([1_772_359_200_000_000] * 2, pa.timestamp("us", tz="UTC"))
    table = pa.table({
        "exchange_id": ["a", "b"], "sent_at": moment, "account_id": ["x", ""], "prompt": [CANARY.encode()] * 2,
        "response": [CANARY] * 2, "tools": [[CANARY, "other"]] * 2,
    })  # fmt: skip
    pq.write_table(table, folder / "log.parquet")
    return folder / "log.parquet"


def gateway(folder: Path) -> Path:
    messages = [{"role": "system", "content": CANARY}, {"role": "user", "content": CANARY}]
    body = {"messages": messages, "tools": [{"name": CANARY}, {"name": "other"}]}
    row = {
        "request_id": "a", "api_key": "x", "startTime": "2026-03-01 10:00:00Z", "spend": 0.1, "model": "large",
        "call_type": "acompletion", "status": "success", "messages": json.dumps(messages),
        "proxy_server_request": json.dumps(body),
        "response": json.dumps({"choices": [{"message": {"content": CANARY}}]}),
    }  # fmt: skip
    (folder / "log.jsonl").write_text(json.dumps(row) + "\n")
    return folder / "log.jsonl"


def spans(folder: Path) -> Path:
    """A span with content on it, and log records with content that belong to it."""
    said = lambda key, text: {"key": key, "value": {"stringValue": text}}  # noqa: E731
    messages = json.dumps([
        {"role": "system", "content": CANARY},
        {"role": "user", "parts": [{"type": "text", "content": CANARY}, {"type": "image", CANARY: CANARY}]},
        {"role": "assistant", "tool_calls": [{"name": CANARY, "arguments": json.dumps({CANARY: [CANARY]})}]},
        {"role": "user", "content": [{"type": "tool_result", "content": CANARY}, {"type": CANARY, "text": CANARY}]},
        {"role": "user", "content": "once more"},
    ])  # fmt: skip
    ids = {"traceId": "0102030405060708090a0b0c0d0e0f10", "spanId": "0102030405060708"}
    span = {
        **ids, "name": "chat", "startTimeUnixNano": "1772359200000000000", "endTimeUnixNano": "1772359201000000000",
        "attributes": [
            said("gen_ai.operation.name", "chat"), said("gen_ai.request.model", "large"), said("user.id", "x"),
            said("gen_ai.input.messages", messages), said("gen_ai.prompt.0.content", CANARY),
            said("gen_ai.system_instructions", json.dumps([{"type": "text", "content": CANARY}])),
            said("gen_ai.tool.definitions", json.dumps([{"type": "function", "name": CANARY}, {"name": "other"}])),
        ],
        "events": [{"name": "gen_ai.user.message", "attributes": [said("content", CANARY)]}],
    }  # fmt: skip
    note = {**ids, "timeUnixNano": "1772359200000000000", "eventName": "gen_ai.user.message", "attributes": [],
            "body": {"kvlistValue": {"values": [said("content", CANARY)]}}}  # fmt: skip
    lost = {**note, "spanId": "0000000000000000"}
    (folder / "log.jsonl").write_text(
        json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}) + "\n"
        + json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [note, lost]}]}]}) + "\n"
    )  # fmt: skip
    return folder / "log.jsonl"


WAYS: dict[str, Callable[[Path], Path]] = {
    "canonical": canonical, "comma_values": comma_values, "columns": columns, "gateway": gateway, "spans": spans,
}  # fmt: skip


def collected(log: Path, work: Path, *, content: bool) -> tuple[dict[str, Any], list[dict[str, Any]], set[str]]:
    """(the exchange, rejects, files that held the canary at any step) of one log."""
    workspace = Workspace(work, threads=1)
    found: set[str] = set()
    collect([str(log)], CollectOptions(content=content), workspace, lambda *_: found.update(holding(work)))
    found |= holding(work)
    exchange, rejects = workspace.read("exchanges").to_pylist()[0], workspace.read("rejects").to_pylist()
    workspace.close()
    return exchange, rejects, found


@pytest.mark.parametrize("way", WAYS)
def test_no_way_in_lays_a_text_on_disk(way: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    log = WAYS[way](tmp_path / "in")
    with_content, _, seen = collected(log, tmp_path / "with", content=True)
    without, rejects, found = collected(log, tmp_path / "without", content=False)
    assert seen and found == set()
    assert MARK in str(with_content) and MARK not in str(without)
    assert len(with_content["tools"]) == 2 and without["tools"] == ["1", "2"]
    assert {row["sha256"] for row in rejects if row["position"]} <= {None}
    text = ("prompt", "system_instructions", "response", "tools")
    assert {name: value for name, value in without.items() if name not in text} == {
        name: value for name, value in with_content.items() if name not in text
    }


def test_logs_that_are_joined_without_saying_where_the_words_are_are_refused(tmp_path: Path) -> None:
    pack = shipped_packs()["otel_genai"].model_copy(update={"content": []})
    log, workspace = spans(tmp_path), Workspace(tmp_path / "work", threads=1)
    with pytest.raises(PackError, match="content"):
        collect_with({pack.name: pack}, [str(log)], CollectOptions(content=False), workspace, lambda *_: None)
    workspace.close()
    assert {name for name, one in shipped_packs().items() if one.streams and not one.content} == set()


def test_what_would_have_to_be_copied_is_not_read(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "work", threads=1)
    with pytest.raises(UsageError, match="copied to disk"):
        collect(["-"], CollectOptions(content=False), workspace, lambda *_: None)
    workspace.close()
    (tmp_path / "in").mkdir()
    packed = pa.CompressedOutputStream(str(tmp_path / "in" / "log.parquet.gz"), "gzip")
    with packed:
        packed.write(columns(tmp_path).read_bytes())
    canonical(tmp_path / "in")
    workspace = Workspace(tmp_path / "again", threads=1)
    collect([str(tmp_path / "in")], CollectOptions(content=False), workspace, lambda *_: None)
    reasons = {row["source"]: row["reason"] for row in workspace.read("rejects").to_pylist() if not row["position"]}
    workspace.close()
    assert "unpack it" in reasons["log.parquet.gz"]


# --- without prompts, whoever left them out --------------------------------------------------------------------------


def test_a_log_that_holds_no_texts_is_judged_alike(planted: Path, unread: Unread, tmp_path: Path) -> None:
    """What a scan leaves out and what a log never had come to the same."""
    bare = tmp_path / "bare"
    bare.mkdir()
    rows = pq.read_table(planted / "exchanges.parquet").drop_columns(["prompt", "system_instructions", "response"])
    numbers = [
        None if names is None else [str(n) for n, _ in enumerate(names, 1)] for names in rows["tools"].to_pylist()
    ]
    place = rows.schema.get_field_index("tools")
    numbered = rows.set_column(place, "tools", pa.array(numbers, pa.list_(pa.string())))
    pq.write_table(numbered, bare / "exchanges.parquet")
    pq.write_table(pq.read_table(planted / "accounts.parquet"), bare / "accounts.parquet")
    manifest, _ = scanned(bare, tmp_path / "never", content=True)
    assert manifest["content_free"] is False and "harvest" in manifest["detectors_abstained"]
    for name in ("campaigns", "members", "evidence", "operators", "attributed"):
        left, never = (pq.read_table(run / f"{name}.parquet") for run in (unread.run, tmp_path / "never"))
        assert left.equals(never), name


def test_a_calibration_without_content_serves_scans_without_content_alone(tmp_path: Path, capsys: Any) -> None:
    simulate("null_firms", tmp_path / "firms", seed=3, scale=0.1, jobs=1)
    traffic = tmp_path / "firms" / "traffic"
    for name, option in (("with", []), ("without", ["--no-content"])):
        assert main(["calibrate", str(traffic), "--out", str(tmp_path / name), *option]) == 0
    facts = {name: json.loads((tmp_path / name / "calibration.json").read_text()) for name in ("with", "without")}
    assert {name: one["content"] for name, one in facts.items()} == {"with": True, "without": False}
    assert facts["without"]["operators"]["own"] == facts["with"]["operators"]["own"] > 0
    metadata, full = (pq.read_table(tmp_path / name / "library.parquet") for name in ("without", "with"))
    assert metadata["techniques"].null_count == len(metadata) and full["techniques"].null_count == 0
    capsys.readouterr()
    scan = ["scan", str(traffic), "--calibration"]
    assert main([*scan, str(tmp_path / "without"), "--out", str(tmp_path / "refused")]) == 2
    assert "measured without content" in capsys.readouterr().err
    for name in ("with", "without"):
        out = tmp_path / f"run_{name}"
        assert main([*scan, str(tmp_path / name), "--out", str(out), "--no-content", "--threads", "1"]) == 0
        manifest = json.loads((out / "manifest.json").read_text())
        assert manifest["benign_library"]["own"] == facts[name]["operators"]["own"]
        assert manifest["benign_library"]["own_past_gate"] == 0
        assert "nothing is confirmed" in manifest["detectors_abstained"]["own_benign_library"]
