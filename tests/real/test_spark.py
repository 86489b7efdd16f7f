"""A scan on a real Spark cluster gives the run that DuckDB gives, byte for byte.

Also where it goes on from an earlier run, and when a worker dies in mid-run.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from tests.increments import cut
from tests.real.conftest import SEED, interpreter
from tests.real.judging import hydrometer
from tests.real.processes import PAUSE_SECONDS, child
from tests.real.spark_cluster import Cluster, cluster

WORLD, SCALE = "gateway", "5"
"""Large enough that its exchanges are a task for each of two executors."""
SCAN_SECONDS = 900.0
TABLES = 22
"""Tables of a run with its state."""
EARLIER_DAYS, OVERLAP_DAYS = 6.0, 0.1
"""Days of the earlier run, and how much of its last one comes in once more with the next."""


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world") / WORLD
    hydrometer("simulate", WORLD, "--out", str(folder), "--seed", SEED, "--scale", SCALE)
    return folder / "traffic"


@pytest.fixture(scope="module")
def embedded(traffic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("duckdb") / "run"
    hydrometer("scan", str(traffic), "--out", str(run))
    return run


@pytest.fixture(scope="module")
def days(traffic: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The log but for its last day, and that day with a little of the one before."""
    parts = [(None, EARLIER_DAYS), (EARLIER_DAYS - OVERLAP_DAYS, None)]
    return cut(traffic, tmp_path_factory.mktemp("days"), parts)


def started(folder: Path) -> AbstractContextManager[Cluster]:
    python = interpreter("spark")
    if shutil.which("java") is None:
        pytest.skip("no Java: install a runtime of version 17 or newer, such as openjdk-17-jre-headless")
    return cluster(python, folder)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster that stays whole."""
    with started(tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture
def frail(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster of which a worker may die."""
    (tmp_path / "cluster").mkdir()
    with started(tmp_path / "cluster") as made:
        yield made


def command(traffic: Path, run: Path, on: Cluster, *options: str) -> list[str]:
    words = ["scan", str(traffic), "--out", str(run), "--engine", "spark", "--master", on.master, *options]
    return [on.environment["PYSPARK_PYTHON"], "-m", "hydrometer.cli", *words]


def scanned(traffic: Path, run: Path, on: Cluster, *options: str) -> Path:
    log = run.with_name("scan.log")
    with child(command(traffic, run, on, *options), log, on.environment) as scan:
        assert scan.wait(SCAN_SECONDS) == 0, log.read_text()[-4_000:]
    return run


def files(run: Path) -> dict[str, bytes]:
    """What must not differ: the report for a program, every table, and what the state says beside its tables."""
    paths = [run / "report.json", run / "state" / "state.json", *run.rglob("*.parquet")]
    return {str(path.relative_to(run)): path.read_bytes() for path in paths}


def same(one: Path, other: Path) -> None:
    found, expected = files(one), files(other)
    assert len(expected) == TABLES + 2
    assert [name for name in expected | found if found.get(name) != expected.get(name)] == []
    told, known = (json.loads((run / "manifest.json").read_text()) for run in (one, other))
    assert (told["engine"]["name"], known["engine"]["name"]) == ("spark", "duckdb")
    for measured in ("engine", "stage_seconds", "peak_rss_bytes"):
        del told[measured], known[measured]
    assert told == known


def test_a_scan_on_a_cluster_gives_the_run_of_the_embedded_engine(
    traffic: Path, embedded: Path, running: Cluster, tmp_path: Path
) -> None:
    same(scanned(traffic, tmp_path / "run", running), embedded)


def test_a_day_on_top_of_an_earlier_run_is_the_same_on_a_cluster(
    days: list[Path], running: Cluster, tmp_path: Path
) -> None:
    earlier, expected = tmp_path / "earlier", tmp_path / "expected"
    hydrometer("scan", str(days[0]), "--out", str(earlier))
    hydrometer("scan", str(days[1]), "--since", str(earlier), "--out", str(expected))
    run = scanned(days[1], tmp_path / "run", running, "--since", str(earlier))
    same(run, expected)
    told = json.loads((run / "manifest.json").read_text())
    assert told["since"]["exchanges_new"] and told["inputs"][-1]["rows_duplicate"] and told["since"]["looks_kept"]


def test_a_worker_that_dies_in_mid_run_changes_nothing(
    traffic: Path, embedded: Path, frail: Cluster, tmp_path: Path
) -> None:
    run, log = tmp_path / "run", tmp_path / "scan.log"
    work = tmp_path / ".run.unfinished" / "work"
    with child(command(traffic, run, frail), log, frail.environment) as scan:
        at_work(work / "fingerprints.parts" / "_temporary", scan, log)
        assert not (work / "fingerprints.parquet").exists()
        frail.workers[0].send_signal(signal.SIGKILL)
        assert scan.wait(SCAN_SECONDS) == 0, log.read_text()[-4_000:]
    assert frail.workers[0].returncode is None and frail.workers[0].wait() == -signal.SIGKILL
    assert frail.workers[1].poll() is None
    same(run, embedded)


def at_work(folder: Path, scan: subprocess.Popen, log: Path) -> None:
    """Wait until an executor has begun to write its first part."""
    deadline = time.monotonic() + SCAN_SECONDS
    while not any(folder.rglob("*.parquet")):
        assert scan.poll() is None and time.monotonic() < deadline, log.read_text()[-4_000:]
        time.sleep(PAUSE_SECONDS)
