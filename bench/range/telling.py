"""Says how far the range run is: a bar on a terminal, a line for each world elsewhere; on stderr, never on stdout."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TextIO

from bench.range.steps import Step

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Lines:
    """A line for each step that is over."""

    def __init__(self, name: str, stream: TextIO) -> None:
        self._name, self._stream, self._began = name, stream, time.monotonic()

    def begun(self, step: Step) -> None:
        """Nothing: the line comes when the step is over."""

    def ended(self, step: Step, done: int, total: int, failed: str | None) -> None:
        said = f"FAILED: {failed}" if failed else "done"
        minutes = (time.monotonic() - self._began) / 60
        left = minutes * (total - done) / done
        self._stream.write(
            f"{self._name} {done}/{total} · {step.key.slug} {step.name} {said} · "
            f"{minutes:.1f} min, about {left:.0f} left\n"
        )
        self._stream.flush()

    def close(self) -> None:
        """Nothing to end."""


class Bar:
    """One bar, with the steps at work beside it."""

    def __init__(self, name: str, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TimeRemainingColumn(), TextColumn("{task.fields[now]}"),
        )  # fmt: skip
        self._bars: Progress = RichProgress(*columns, console=Console(file=stream))
        self._task: TaskID = self._bars.add_task(name, total=None, now="")
        self._now: list[Step] = []
        self._bars.start()

    def begun(self, step: Step) -> None:
        self._now.append(step)
        self._show()

    def ended(self, step: Step, done: int, total: int, failed: str | None) -> None:
        self._now = [one for one in self._now if one != step]
        if failed:
            self._bars.console.print(f"{step.key.slug} {step.name} FAILED: {failed}", markup=False)
        self._bars.update(self._task, completed=done, total=total)
        self._show()

    def close(self) -> None:
        self._bars.stop()

    def _show(self) -> None:
        said = " · ".join(f"{step.key.slug} {step.name}" for step in self._now)
        self._bars.update(self._task, now=said)


def teller(name: str, stream: TextIO) -> Lines | Bar:
    """What suits `stream`."""
    drawn = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return Bar(name, stream) if drawn else Lines(name, stream)
