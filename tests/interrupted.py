"""A scan as a program of its own that can be killed at a moment of its choice, and what is left of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.costs import SCAN

PATIENCE_SECONDS = 600.0
POLL_SECONDS = 0.002


def unfinished(run: Path) -> Path:
    """Where a run lies while it is not finished."""
    return run.with_name(f".{run.name}.unfinished")


def journal(run: Path) -> dict[str, Any]:
    """The journal of an unfinished run, empty while there is none."""
    try:
        found: dict[str, Any] = json.loads((unfinished(run) / "journal.json").read_bytes())
    except FileNotFoundError:
        return {"marks": [], "resumed": []}
    return found


def stages(run: Path) -> list[str]:
    """The finished stages of an unfinished run."""
    return [mark["stage"] for mark in journal(run)["marks"]]


class Scan:
    """A scan under way; what it says goes to a file beside its run."""

    def __init__(self, traffic: Path, run: Path, *options: str, before: str = "") -> None:
        self.run = run
        self._said = run.with_name(f"{run.name}.said")
        words = [sys.executable, "-c", before + SCAN, "scan", str(traffic), "--out", str(run), *options]
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True)

    @property
    def said(self) -> str:
        """What it said on stderr so far."""
        return self._said.read_text(encoding="utf-8")

    def wait_for(self, moment: Callable[[], bool]) -> None:
        """Wait until a moment has come; the scan must not have ended before."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not moment():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < until, self.said
            time.sleep(POLL_SECONDS)

    def killed_at(self, moment: Callable[[], bool]) -> None:
        """Kill it as soon as a moment has come, so that nothing of its own can run any more."""
        self.wait_for(moment)
        self.process.kill()
        assert self.process.wait() == -signal.SIGKILL

    def stop(self) -> None:
        """Hold it where it is."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run again."""
        os.kill(self.process.pid, signal.SIGCONT)

    def ended(self) -> int:
        """Its exit code, waited for."""
        return self.process.wait(PATIENCE_SECONDS)
