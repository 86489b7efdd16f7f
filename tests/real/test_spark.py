"""A scan on a real Spark cluster gives the run that DuckDB gives, byte for byte.

Also where it goes on from an earlier run, and when a worker dies in mid-run.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.increments import cut
from tests.real.conftest import SEED, interpreter
from tests.real.java import OLDEST, packaged, version
from tests.real.judging import hydrometer
from tests.real.processes import HERE, PAUSE_SECONDS, child
from tests.real.spark_cluster import Cluster, cluster, home

WORLD, SCALE = "gateway", "5"
"""Large enough that its exchanges are a task for each of two executors."""
RUN = Path("runs/demo/run")
SCAN_SECONDS = 1_200.0
LAWS = 100
"""There are more that work on an engine; fewer would mean that most were left out."""
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


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster that stays whole."""
    with cluster(interpreter("spark"), tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture
def frail(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster of which a worker may die."""
    (tmp_path / "cluster").mkdir()
    with cluster(interpreter("spark"), tmp_path / "cluster") as made:
        yield made


def on_cluster(on: Cluster, module: str, *words: str) -> list[str]:
    """The command of a module of Python that is told engine and master."""
    return [on.environment["PYSPARK_PYTHON"], "-m", module, *words, "--engine", "spark", "--master", on.master]


def command(traffic: Path, run: Path, on: Cluster, *options: str) -> list[str]:
    return on_cluster(on, "hydrometer.cli", "scan", str(traffic), "--out", str(run), *options)


def ended(words: list[str], on: Cluster, log: Path, folder: Path | None = None) -> str:
    """What a command said that ended well, within a folder."""
    with child(words, log, on.environment, folder) as process:
        code = process.wait(SCAN_SECONDS)
    said = log.read_text()
    assert code == 0, said[-4_000:]
    return said


def scanned(traffic: Path, run: Path, on: Cluster, *options: str) -> Path:
    ended(command(traffic, run, on, *options), on, run.with_name("scan.log"))
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


def test_a_demo_on_a_cluster_is_the_demo(running: Cluster, tmp_path: Path) -> None:
    for name in ("duckdb", "spark"):
        (tmp_path / name).mkdir()
    shown = hydrometer("demo", folder=tmp_path / "duckdb")
    told = ended(on_cluster(running, "hydrometer.cli", "demo"), running, tmp_path / "demo.log", tmp_path / "spark")
    same(tmp_path / "spark" / RUN, tmp_path / "duckdb" / RUN)
    assert shown in told.replace("\r\n", "\n")


def test_the_laws_of_plug_ins_hold_on_a_cluster(running: Cluster, tmp_path: Path) -> None:
    before = running.applications
    words = on_cluster(running, "pytest", "-q", "tests/test_laws.py", "-p", "no:cacheprovider", "--basetemp")
    words.insert(words.index("--basetemp") + 1, str(tmp_path / "laws"))
    told = ended(words, running, tmp_path / "laws.log", HERE.parents[1])
    assert running.applications > before
    found = re.search(r"(?m)^(\d+) passed, \d+ deselected in", told)
    assert found is not None and int(found[1]) >= LAWS


def test_the_java_of_the_environment_runs_spark(tmp_path: Path) -> None:
    python = interpreter("spark")
    own = packaged(python, tmp_path / "java")
    words = [str(home(python) / "bin" / "spark-class"), "org.apache.spark.deploy.SparkSubmit", "--version"]
    done = subprocess.run(
        words,
        env=os.environ | {"JAVA_HOME": str(own)},
        capture_output=True,
        text=True,
        timeout=SCAN_SECONDS,
        check=True,
    )
    assert version(own / "bin" / "java") >= OLDEST and "jdk.incubator.vector" not in done.stderr
    assert "Using Scala version" in done.stderr + done.stdout


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
