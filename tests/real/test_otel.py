"""A world goes through a gateway with real OpenTelemetry instrumentation; `scan` finds the campaign in its spans."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.real.conftest import OPENINFERENCE_CALLS, Captured, World
from tests.real.judging import assert_found, flagged, outside_check, rows_of, scan
from tests.real.otlp_json import read

from hydrometer.base.contract import breaches


def names(world: World) -> dict[str, str]:
    """Spans carry the world's own names of accounts."""
    return {account: account for account in world.accounts}


@pytest.fixture(scope="module")
def run(genai_spans: Captured, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run over the protobuf bodies as they came."""
    return scan(genai_spans.folder / "v1_traces", tmp_path_factory.mktemp("runs") / "protobuf")


def test_every_call_left_a_span_with_its_content(world: World, genai_spans: Captured) -> None:
    contents = [
        {attribute.key for attribute in span.attributes}
        for path in (genai_spans.folder / "v1_traces").iterdir()
        for resource in read(path).resource_spans
        for scope in resource.scope_spans
        if scope.scope.name.startswith("opentelemetry.instrumentation.")
        for span in scope.spans
    ]
    assert len(contents) == len(world.calls)
    assert all({"gen_ai.input.messages", "enduser.id", "client.address"} <= keys for keys in contents)


def test_the_campaign_is_found_and_nobody_else(world: World, run: Path) -> None:
    assert_found(run, world.folder, names(world))


def test_the_run_keeps_the_contract(run: Path) -> None:
    assert breaches(run) == []


def test_the_outside_check_finds_no_breach(run: Path, data_folder: Path) -> None:
    outside_check(run, data_folder)


def test_no_span_is_lost_by_the_scan(world: World, run: Path) -> None:
    rows = rows_of(run)
    assert rows["rows_read"] == rows["rows_kept"] + rows["rows_rejected"] + rows["rows_duplicate"]
    assert rows["rows_kept"] >= len(world.calls)


def test_a_collectors_file_gives_the_same_verdict(
    world: World, genai_spans: Captured, run: Path, tmp_path: Path
) -> None:
    other = scan(genai_spans.folder / "json", tmp_path / "json")
    assert rows_of(other) == rows_of(run)
    assert flagged(other, names(world)) == flagged(run, names(world))


@pytest.mark.parametrize("encoding", ["v1_traces", "json"])
def test_openinference_spans_are_read(openinference_spans: Captured, tmp_path: Path, encoding: str) -> None:
    made = scan(openinference_spans.folder / encoding, tmp_path / encoding)
    assert rows_of(made)["rows_kept"] >= OPENINFERENCE_CALLS
    assert breaches(made) == []
