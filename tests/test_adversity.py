"""What goes wrong around a scan: one clear error with nothing left behind, or the right answer with a note.

Each test starts the program. The world is small; where the disk or the memory is, too, that is real as well.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests.costs import SCAN, scanned_apart
from tests.interrupted import Scan, stages, unfinished

from hydrometer.base.tables import INPUTS, LISTED_LEVELS, OUTPUTS
from hydrometer.simulate.run import simulate

SEED = ("--seed", "3")
ALONE = (*SEED, "--threads", "1")
"""No process of looks, which would take longer to start than these looks take."""
CROWD = 50_000
BIG_ROWS, BIG_BYTES = 60_000, 1_000
"""A file of which the engine still writes when it is cut."""
ROW_BYTES = 10_000
"""Memory that a row may take where there are very many more."""
LIMITED = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))\n"
MOUNT = 'mount -t tmpfs -o size={size} tmpfs "$1" && shift && exec "$@"'


@dataclass(frozen=True)
class Plain:
    """The world, its scan, and what a second scan of the same folder said meanwhile."""

    traffic: Path
    run: Path
    second: Scan


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Plain:
    folder = tmp_path_factory.mktemp("plain")
    simulate("gateway", folder / "world", seed=3)
    traffic = folder / "world" / "traffic"
    first = Scan(traffic, folder / "run", *ALONE)
    first.wait_for(lambda: bool(stages(first.run)))
    first.stop()
    (folder / "aside").mkdir()
    (folder / "aside" / "run").symlink_to(folder / "run")
    second = Scan(traffic, folder / "aside" / "run", *ALONE, "--force")
    assert second.ended() == 2, second.said
    first.go_on()
    assert first.ended() == 0, first.said
    return Plain(traffic, folder / "run", second)


def manifest(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    return found


def rows(run: Path, name: str) -> list[str]:
    """Rows of a table in an order of their own, floats to 1e-9."""
    found = pq.read_table(run / f"{name}.parquet").to_pylist()
    return sorted(
        repr({key: round(value, 9) if isinstance(value, float) else value for key, value in row.items()})
        for row in found
    )


def listed(run: Path) -> set[frozenset[str]]:
    """Members of each listed group."""
    groups = pq.read_table(run / "campaigns.parquet").to_pylist()
    members = pq.read_table(run / "members.parquet").to_pylist()
    return {
        frozenset(row["account_id"] for row in members if row["campaign_id"] == group["campaign_id"])
        for group in groups
        if group["level"] in LISTED_LEVELS
    }


def refused(said: str, *words: str) -> None:
    """Assert that one clear error was told: the four lines of one, its words, and nothing of a bug."""
    assert all(word in said for word in ("found:", "expected:", "remedy:", *words)), said
    assert said.count("found:") == 1 and "Traceback" not in said and "bug" not in said, said


# --- two scans, one folder -------------------------------------------------------------------------------------------


def test_the_second_of_two_scans_is_refused_by_whatever_path_it_came(plain: Plain) -> None:
    refused(plain.second.said, "another process that is writing it")
    assert listed(plain.run) and manifest(plain.run)["resumed"] == []
    assert not unfinished(plain.run).exists()


# --- room and memory -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most_bytes", [2_000, 250_000, 315_000])
def test_files_that_cannot_grow_are_one_error(plain: Plain, tmp_path: Path, most_bytes: int) -> None:
    scan = Scan(plain.traffic, tmp_path / "run", *ALONE, before=LIMITED.format(most_bytes))
    assert scan.ended() == 2, scan.said
    refused(scan.said, "no room to write: File too large", "--out on another disk")
    assert [path.name for path in tmp_path.iterdir()] == ["run.said"]


def mounted(size: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A program that sees a small disk of its own at `folder`."""
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", MOUNT.format(size=size), "sh"]
    return subprocess.run([*command, str(folder), *words], capture_output=True, text=True, check=False)


def test_a_world_that_finds_no_room_is_one_error_and_leaves_nothing(tmp_path: Path) -> None:
    words = ["simulate", "gateway", "--scale", "5", "--out", str(tmp_path / "world")]
    made = subprocess.run(
        [sys.executable, "-c", LIMITED.format(200_000) + SCAN, *words], capture_output=True, text=True, check=False
    )
    assert made.returncode == 2 and "free space" in made.stderr and "Traceback" not in made.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", ["300k", "700k"])
def test_a_full_disk_is_one_error_and_nothing_stays_on_it(plain: Plain, tmp_path: Path, size: str) -> None:
    if shutil.which("unshare") is None or mounted(size, tmp_path, "true").returncode:
        pytest.skip("needs the right to mount a small disk")
    scan = [sys.executable, "-c", SCAN, "scan", str(plain.traffic), "--out", str(tmp_path / "run"), *ALONE]
    done = mounted(size, tmp_path, "sh", "-c", '"$@"; echo "exit code $?"; ls -A "$0"', str(tmp_path), *scan)
    refused(done.stderr, "No space left on device", "--out on another disk")
    assert done.stdout == "exit code 2\n"


@pytest.mark.parametrize("memory", ["1MB", "10MB"])
def test_too_little_memory_is_one_error(plain: Plain, tmp_path: Path, memory: str) -> None:
    scan = Scan(plain.traffic, tmp_path / "run", *ALONE, "--memory", memory)
    assert scan.ended() == 2, scan.said
    refused(scan.said, f"--memory {memory}", "too little for this input", "allow more with --memory")
    assert [path.name for path in tmp_path.iterdir()] == ["run.said"]


def test_little_memory_makes_no_reject_of_a_sound_file(plain: Plain, tmp_path: Path) -> None:
    """A log that is joined and a Parquet file of another format are staged by an engine with the same limit."""
    foreign = pa.table({"id": [str(number) for number in range(200_000)], "model": ["m"] * 200_000})
    pq.write_table(foreign, tmp_path / "log.parquet")
    scan = Scan(tmp_path / "log.parquet", tmp_path / "run", "--format", "litellm", "--memory", "3MB")
    assert scan.ended() == 2, scan.said
    refused(scan.said, "--memory 3MB", "too little for this input")


# --- files that change -----------------------------------------------------------------------------------------------


def big(path: Path, turn: pa.DataType | None = None) -> None:
    """A file of strangers whose texts cannot be packed, so that reading and writing it takes a while.

    Args:
        path: where it goes.
        turn: type of the column `turn`; one that is not canonical lets a scan copy the log.
    """
    draw = np.random.default_rng(1)
    texts = draw.integers(97, 123, (BIG_ROWS, BIG_BYTES), np.uint8).tobytes().decode()
    ids = [f"big {number}" for number in range(BIG_ROWS)]
    moments = pa.array([1_772_359_200_000_000 + number for number in range(BIG_ROWS)], pa.timestamp("us", tz="UTC"))
    prompts = [texts[place : place + BIG_BYTES] for place in range(0, len(texts), BIG_BYTES)]
    table = pa.table({"exchange_id": ids, "sent_at": moments, "account_id": ids, "prompt": prompts})
    if turn is not None:
        table = table.append_column("turn", pa.array([1] * BIG_ROWS, turn))
    pq.write_table(table, path, use_dictionary=False, row_group_size=5_000)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def rewritten(path: Path) -> None:
    pq.write_table(pq.read_table(path).slice(0, BIG_ROWS // 2), path)


@pytest.mark.parametrize("change", [cut, rewritten])
def test_a_file_that_changes_in_mid_run_is_a_reject_and_the_rest_is_answered(
    plain: Plain, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    traffic, run = tmp_path / "traffic", tmp_path / "run"
    (traffic / "exchanges").mkdir(parents=True)
    shutil.copy(plain.traffic / "accounts.parquet", traffic)
    shutil.copy(plain.traffic / "exchanges.parquet", traffic / "exchanges" / "a.parquet")
    big(traffic / "exchanges" / "b.parquet", pa.int32())
    scan = Scan(traffic, run, *SEED)
    scan.wait_for((unfinished(run) / "work" / "exchanges.unfinished").exists)
    scan.stop()
    assert not (unfinished(run) / "work" / "exchanges.parquet").exists(), "it was cut too late to be of interest"
    change(traffic / "exchanges" / "b.parquet")
    scan.go_on()
    assert scan.ended() == 0, scan.said
    assert listed(run) == listed(plain.run) != set()
    sound, broken = sorted(manifest(run)["inputs"], key=lambda one: str(one["name"]))
    assert (sound["rows_kept"], sound["changed"]) == (3_800, False)
    assert (broken["rows_read"], broken["rows_rejected"], broken["changed"]) == (BIG_ROWS, BIG_ROWS, True)
    reject = pq.read_table(run / "rejects.parquet").to_pylist()
    assert [(one["source"], one["reason"]) for one in reject] == [
        ("exchanges/b.parquet", "was changed while it was being read")
    ]


@pytest.mark.parametrize("change", [cut, rewritten])
def test_a_file_that_changes_after_it_was_collected_is_one_error(
    plain: Plain, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    """A sound Parquet file is not copied, so that it has to stay as it is until the scan ends."""
    traffic, run = tmp_path / "traffic", tmp_path / "run"
    shutil.copytree(plain.traffic, traffic)
    (traffic / "exchanges").mkdir()
    (traffic / "exchanges.parquet").rename(traffic / "exchanges" / "a.parquet")
    big(traffic / "exchanges" / "b.parquet")
    scan = Scan(traffic, run, *SEED)
    scan.wait_for((unfinished(run) / "work" / "fingerprints.unfinished").exists)
    scan.stop()
    assert not (unfinished(run) / "work" / "fingerprints.parquet").exists(), "it was changed too late to be of interest"
    assert not (unfinished(run) / "work" / "exchanges.parquet").exists()
    change(traffic / "exchanges" / "b.parquet")
    scan.go_on()
    assert scan.ended() == 3, scan.said
    refused(scan.said, "b.parquet", "was changed while the scan relied on it", "scan again, or scan a copy")
    assert not run.exists()


def other_types(table: pa.Table) -> pa.Table:
    """The same exchanges as another release of a gateway writes them: other types, columns gone, one more."""
    casts = {"sent_at": pa.timestamp("ms", tz="UTC"), "input_tokens": pa.int32(), "country": pa.large_string()}
    whole = pc.all(pc.equal(pc.microsecond(table["sent_at"]), 0)).as_py()
    for name, kind in casts.items():
        if name != "sent_at" or whole:
            place = table.column_names.index(name)
            table = table.set_column(place, name, table[name].cast(kind))
    empty = [name for name in table.column_names if table[name].null_count == len(table)]
    return table.drop_columns(empty).append_column("region_of_server", pa.array(["eu"] * len(table)))


def test_a_schema_that_changes_between_files_changes_no_answer(plain: Plain, tmp_path: Path) -> None:
    traffic, run = tmp_path / "traffic", tmp_path / "run"
    (traffic / "exchanges").mkdir(parents=True)
    for path in set(plain.traffic.iterdir()) - {plain.traffic / "exchanges.parquet"}:
        shutil.copy(path, traffic)
    table = pq.read_table(plain.traffic / "exchanges.parquet")
    third = len(table) // 3
    pq.write_table(table.slice(0, third), traffic / "exchanges" / "a.parquet")
    pq.write_table(other_types(table.slice(third, third)), traffic / "exchanges" / "b.parquet")
    with (traffic / "exchanges" / "c.jsonl").open("w", encoding="utf-8") as file:
        for row in table.slice(2 * third).to_pylist():
            file.write(json.dumps({key: value for key, value in row.items() if value is not None}, default=str) + "\n")
    scan = Scan(traffic, run, *ALONE)
    assert scan.ended() == 0, scan.said
    for name in set(OUTPUTS) - {"rejects"}:
        assert rows(run, name) == rows(plain.run, name), name
    told = manifest(run)
    assert [one["rows_kept"] for one in told["inputs"]] == [third, third, len(table) - 2 * third]
    assert told["columns_ignored"] == [["exchanges/b.parquet", "region_of_server"]]


# --- crowds ----------------------------------------------------------------------------------------------------------


def test_a_crowd_behind_one_address_and_one_account_with_half_of_the_log(plain: Plain, tmp_path: Path) -> None:
    traffic = tmp_path / "traffic"
    traffic.mkdir()
    shutil.copy(plain.traffic / "accounts.parquet", traffic)
    log = pq.read_table(plain.traffic / "exchanges.parquet")
    first = pc.min(log["sent_at"]).as_py()
    strangers: list[dict[str, object]] = [
        {
            "exchange_id": f"crowd {number}",
            "account_id": f"crowd {number % CROWD}" if number < CROWD else "one",
            "sent_at": first + timedelta(seconds=6 * (number % CROWD)),
            "prompt": f"What is {number * 7_919 % 99_991} plus {number}?",
            "client_ip": "100.64.0.1" if number < CROWD else "198.51.100.7",
            "country": "US",
            "user_agent": "curl/8",
        }
        for number in range(2 * CROWD + len(log))
    ]
    more = pa.Table.from_pylist(strangers, INPUTS["exchanges"])
    pq.write_table(pa.concat_tables([log.cast(INPUTS["exchanges"]), more]), traffic / "exchanges.parquet")
    cost = scanned_apart(traffic, tmp_path / "run")
    assert {group for group in listed(cost.run) if "one" in group or any("crowd" in name for name in group)} == set()
    assert len(cost.listed_members() & set().union(*listed(plain.run))) >= 0.9 * len(set().union(*listed(plain.run)))
    sent, all_sent = CROWD + len(log), 2 * (CROWD + len(log))
    assert cost.manifest["input_doubts"]["one_account_sends_much"] == (
        f"{sent:,} of {all_sent:,} exchanges are one account's"
    )
    assert cost.peak_bytes <= manifest(plain.run)["peak_rss_bytes"] + ROW_BYTES * len(strangers)
