"""A week's world goes through a real LiteLLM proxy, and `scan` finds the campaign in the bytes that its callback posts.

The proxy stamps the present on every record, so that a week shrinks to minutes: what is found here is found without
help from rhythm.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.real.conftest import Captured, World
from tests.real.judging import assert_found, flagged, outside_check, rows_of, scan
from tests.real.litellm_proxy import PROBE, SHAPES
from tests.real.replay import hash_of

from hydrometer.base.contract import breaches

FEWEST_REQUESTS, FEWEST_KEYS = 3_000, 150
SINGLE_FILES = 100
"""Some of the files: that the records of all shapes are the same is tested by itself."""


def records(folder: Path) -> list[dict[str, Any]]:
    """The records of one shape, read by rules of its own."""
    found: list[dict[str, Any]] = []
    for path in sorted(folder.iterdir()):
        content = path.read_text(encoding="utf-8")
        values = (
            [json.loads(line) for line in content.splitlines()] if path.suffix == ".jsonl" else [json.loads(content)]
        )
        for value in values:
            found += value if isinstance(value, list) else [value]
    return found


def names(world: World) -> dict[str, str]:
    """Name in the log → the world's name of each account."""
    return {hash_of(account): account for account in world.accounts | {PROBE}}


@pytest.fixture(scope="module")
def run(litellm_log: Captured, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run over the callback's default shape."""
    return scan(litellm_log.folder / "json_array", tmp_path_factory.mktemp("runs") / "json_array")


def test_the_world_is_large_enough(world: World) -> None:
    assert len(world.calls) >= FEWEST_REQUESTS
    assert len(world.accounts) >= FEWEST_KEYS


def test_the_proxy_answers_as_the_world_says(world: World, litellm_log: Captured) -> None:
    wanted = {call.exchange_id: call.status for call in world.calls}
    assert dict(zip(wanted, litellm_log.statuses, strict=True)) == wanted


@pytest.mark.parametrize("shape", SHAPES)
def test_every_request_is_logged_once_in_every_shape(world: World, litellm_log: Captured, shape: str) -> None:
    found = records(litellm_log.folder / shape)
    assert len(found) == len({record["litellm_call_id"] for record in found}) == len(world.calls) + litellm_log.probes
    assert {record["metadata"]["user_api_key_hash"] for record in found} <= set(names(world))


def test_the_campaign_is_found_and_nobody_else(world: World, run: Path) -> None:
    assert_found(run, world.folder, names(world))


def test_no_record_is_lost_by_the_scan(world: World, litellm_log: Captured, run: Path) -> None:
    total = len(world.calls) + litellm_log.probes
    assert rows_of(run) == {"rows_read": total, "rows_kept": total, "rows_rejected": 0, "rows_duplicate": 0}


def test_the_run_keeps_the_contract(run: Path) -> None:
    assert breaches(run) == []


def test_the_outside_check_finds_no_breach(run: Path, data_folder: Path) -> None:
    outside_check(run, data_folder)


def test_lines_give_the_same_verdict_as_arrays(world: World, litellm_log: Captured, run: Path, tmp_path: Path) -> None:
    other = scan(litellm_log.folder / "ndjson", tmp_path / "run")
    assert rows_of(other) == rows_of(run)
    assert flagged(other, names(world)) == flagged(run, names(world))


def test_records_in_files_of_their_own_are_read(litellm_log: Captured, tmp_path: Path) -> None:
    some = tmp_path / "single"
    some.mkdir()
    for path in sorted((litellm_log.folder / "single").iterdir())[:SINGLE_FILES]:
        shutil.copy(path, some)
    wanted = {"rows_read": SINGLE_FILES, "rows_kept": SINGLE_FILES, "rows_rejected": 0, "rows_duplicate": 0}
    assert rows_of(scan(some, tmp_path / "run")) == wanted
