"""A real standalone Spark cluster on the loopback address: one master and two workers, each a process of its own.

Every process is started here, known by its handle and ended by it. Memory is bounded: a quarter of a gigabyte for each
daemon, for driver and executors what they are given.
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
from typing import Any

from tests.real.java import java_home
from tests.real.processes import HERE, child, free_port, wait_for

LOOPBACK = "127.0.0.1"
DEFAULTS = f"""spark.driver.host {LOOPBACK}
spark.ui.enabled false
"""
QUICK = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
"""Options of Java for what ends soon."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a cluster is given.

    Args:
        driver: memory of the driver's Java.
        executor: memory of each executor's Java; its Python has more.
        partitions: parts that a shuffle makes.
        java: options of Java for driver and executors.
    """

    driver: str
    executor: str
    partitions: int
    java: str = ""

    @property
    def defaults(self) -> str:
        """Spark's settings."""
        told = {
            "spark.driver.memory": self.driver,
            "spark.executor.memory": self.executor,
            "spark.sql.shuffle.partitions": self.partitions,
            "spark.driver.extraJavaOptions": self.java,
            "spark.executor.extraJavaOptions": self.java,
        }
        return DEFAULTS + "".join(f"{name} {value}\n" for name, value in told.items() if value)


SMALL = Sizes(driver="768m", executor="512m", partitions=2, java=QUICK)
"""What a test's cluster has: little memory, a quick start."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that runs.

    Args:
        master: its address.
        page: port of the master's page.
        workers: the processes of the workers.
        environment: of every process on it, the driver included.
    """

    master: str
    page: int
    workers: list[subprocess.Popen]
    environment: dict[str, str]

    @property
    def applications(self) -> int:
        """How many programs were run on it so far."""
        told = said(self.page)
        return len(told["activeapps"]) + len(told["completedapps"])


@contextmanager
def cluster(python: Path, state: Path, sizes: Sizes = SMALL) -> Iterator[Cluster]:
    """Run a cluster while the block runs.

    Args:
        python: interpreter of an environment with the extra `spark`.
        state: empty folder for logs, settings and what the workers keep.
        sizes: what it is given.
    """
    (state / "conf").mkdir()
    (state / "conf" / "spark-defaults.conf").write_text(sizes.defaults)
    environment = (
        os.environ
        | {
            "PYTHONPATH": str(HERE.parents[1] / "src"),
            "PYSPARK_PYTHON": str(python),
            "SPARK_CONF_DIR": str(state / "conf"),
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": QUICK,
            "SPARK_LOCAL_IP": LOOPBACK,
            "SPARK_LOCAL_DIRS": str(state / "scratch"),
        }
        | java_home(python, state)
    )
    port, page = free_port(), free_port()
    master = f"spark://{LOOPBACK}:{port}"
    launcher = home(python) / "bin" / "spark-class"

    def daemon(name: str, *words: str) -> AbstractContextManager[subprocess.Popen]:
        kind = f"org.apache.spark.deploy.{name.rstrip('12').lower()}.{name.rstrip('12')}"
        return child([str(launcher), kind, "--host", LOOPBACK, *words], state / f"{name}.log", environment)

    with ExitStack() as running:
        process = running.enter_context(daemon("Master", "--port", str(port), "--webui-port", str(page)))
        wait_for(lambda: alive(page) == 0, process, state / "Master.log")
        own = ["--cores", "1", "--memory", sizes.executor, "--webui-port", "0", "--work-dir"]
        workers = [
            running.enter_context(daemon(name, *own, str(state / f"{name} work"), master))
            for name in ("Worker1", "Worker2")
        ]
        wait_for(lambda: alive(page) == len(workers), process, state / "Master.log")
        yield Cluster(master, page, workers, environment)


def home(python: Path) -> Path:
    """Spark's own folder within an environment."""
    found = subprocess.run(
        [python, "-c", "import pyspark; print(pyspark.__path__[0])"], capture_output=True, text=True, check=True
    )
    return Path(found.stdout.strip())


def alive(page: int) -> int | None:
    """How many workers the master counts as alive; None where the master does not answer."""
    try:
        return int(said(page)["aliveworkers"])
    except OSError:
        return None


def said(page: int) -> dict[str, Any]:
    """What the master says of itself on its page."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{LOOPBACK}:{page}/json/", timeout=5) as answer:
        told: dict[str, Any] = json.load(answer)
    return told
