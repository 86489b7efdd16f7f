"""A real standalone Spark cluster on the loopback address: one master and two workers, each a process of its own.

Every process is started here, known by its handle and ended by it. Memory is bounded: a quarter of a gigabyte for each
daemon, half of one for each executor, three quarters for the driver.
"""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real.processes import HERE, child, free_port, wait_for

LOOPBACK = "127.0.0.1"
DEFAULTS = f"""spark.driver.host {LOOPBACK}
spark.driver.memory 768m
spark.executor.memory 512m
spark.ui.enabled false
spark.sql.shuffle.partitions 2
spark.driver.extraJavaOptions -XX:+UseSerialGC -XX:TieredStopAtLevel=1
spark.executor.extraJavaOptions -XX:+UseSerialGC -XX:TieredStopAtLevel=1
"""
"""What a test's cluster has of its own: small memory, quick start."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that runs.

    Args:
        master: its address.
        workers: the processes of the workers.
        environment: of every process on it, the driver included.
    """

    master: str
    workers: list[subprocess.Popen]
    environment: dict[str, str]


@contextmanager
def cluster(python: Path, state: Path) -> Iterator[Cluster]:
    """Run a cluster while the block runs.

    Args:
        python: interpreter of an environment with the extra `spark`.
        state: empty folder for logs, settings and what the workers keep.
    """
    (state / "conf").mkdir()
    (state / "conf" / "spark-defaults.conf").write_text(DEFAULTS)
    environment = os.environ | {
        "PYTHONPATH": str(HERE.parents[1] / "src"),
        "PYSPARK_PYTHON": str(python),
        "SPARK_CONF_DIR": str(state / "conf"),
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        "SPARK_LOCAL_IP": LOOPBACK,
        "SPARK_LOCAL_DIRS": str(state / "scratch"),
    }
    port, page = free_port(), free_port()
    master = f"spark://{LOOPBACK}:{port}"
    launcher = home(python) / "bin" / "spark-class"

    def daemon(name: str, *words: str) -> AbstractContextManager[subprocess.Popen]:
        kind = f"org.apache.spark.deploy.{name.rstrip('12').lower()}.{name.rstrip('12')}"
        return child([str(launcher), kind, "--host", LOOPBACK, *words], state / f"{name}.log", environment)

    with ExitStack() as running:
        process = running.enter_context(daemon("Master", "--port", str(port), "--webui-port", str(page)))
        wait_for(lambda: alive(page) == 0, process, state / "Master.log")
        own = ["--cores", "1", "--memory", "768m", "--webui-port", "0", "--work-dir"]
        workers = [
            running.enter_context(daemon(name, *own, str(state / f"{name} work"), master))
            for name in ("Worker1", "Worker2")
        ]
        wait_for(lambda: alive(page) == len(workers), process, state / "Master.log")
        yield Cluster(master, workers, environment)


def home(python: Path) -> Path:
    """Spark's own folder within an environment."""
    found = subprocess.run(
        [python, "-c", "import pyspark; print(pyspark.__path__[0])"], capture_output=True, text=True, check=True
    )
    return Path(found.stdout.strip())


def alive(page: int) -> int | None:
    """How many workers the master counts as alive; None where the master does not answer."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"http://{LOOPBACK}:{page}/json/", timeout=5
        ) as answer:
            return int(json.load(answer)["aliveworkers"])
    except OSError:
        return None
