"""Starts the servers of these tests as child processes and stops those, and only those, by their handle.

Every server listens on a free port of the loopback address and is told to write the port into a file, or is given a
port that was free a moment ago.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
START_SECONDS = 180.0
"""Longest wait for a server; LiteLLM's proxy needs about half a minute on an idle machine."""
STOP_SECONDS = 20.0
PAUSE_SECONDS = 0.1
LOG_TAIL_CHARACTERS = 4_000


@contextmanager
def child(
    command: list[str], log: Path, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> Iterator[subprocess.Popen]:
    """Run a command in a folder while the block runs; its output goes to `log`."""
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=dict(environment or os.environ),
            cwd=folder,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def listening(script: str, argument: Path, state: Path) -> Iterator[int]:
    """Run one of our servers (`upstream.py`, `receiver.py`) and give its port."""
    port_file = state / f"{Path(script).stem}-{argument.stem}.port"
    log = port_file.with_suffix(".log")
    with child([sys.executable, str(HERE / script), str(argument), str(port_file)], log) as process:
        wait_for(port_file.exists, process, log)
        yield int(port_file.read_text())


def wait_for(ready: Callable[[], bool], process: subprocess.Popen, log: Path) -> None:
    """Wait until `ready()` is true; a process that ends before, or takes too long, fails the test with its output."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        tail = log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}:\n{tail}"
        assert time.monotonic() < deadline, f"{process.args!r} was not ready in {START_SECONDS} s:\n{tail}"
        time.sleep(PAUSE_SECONDS)


def answers_at(address: str) -> bool:
    """Whether a GET of `address` on the loopback interface is answered with 200."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
