"""Says how far a run is: a bar on a terminal, plain lines elsewhere, nothing in tests.

Stages report through one small protocol, so that no room knows where its words go. Progress is for people: it goes to
stderr, never to stdout, and nothing that it counts enters a result. Source: the contract, section 4.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

PLAIN_STEPS = 4
"""A plain log gets a line a stage and this many lines in between."""


class Progress(Protocol):
    """What a stage may say about itself."""

    def stage(self, name: str) -> None:
        """A stage begins; the one before it is over."""

    def advance(self, done: int, total: int | None = None) -> None:
        """`done` of `total` pieces of the present stage are finished; a total of None means not known."""

    def note(self, text: str) -> None:
        """Say one thing about the run that is no stage."""

    def close(self) -> None:
        """The last stage is over."""


class SilentProgress:
    """Shows nothing and remembers what was said: the fake for tests and for callers of the library."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.steps: list[tuple[str, int, int | None]] = []
        self.notes: list[str] = []

    def stage(self, name: str) -> None:
        self.stages.append(name)

    def advance(self, done: int, total: int | None = None) -> None:
        self.steps.append((self.stages[-1] if self.stages else "", done, total))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def close(self) -> None:
        """Nothing to end."""


class PlainProgress:
    """A line when a stage begins, a few on the way and one when it ends, for logs and pipes.

    Args:
        stream: where the lines go, stderr as a rule.
        clock: seconds of a monotonic clock.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._name: str | None = None
        self._began_seconds = 0.0
        self._steps_told = 0

    def stage(self, name: str) -> None:
        self.close()
        self._name, self._began_seconds, self._steps_told = name, self._clock(), 0
        self._tell(f"{name} …")

    def advance(self, done: int, total: int | None = None) -> None:
        steps = PLAIN_STEPS * done // total if total else 0
        if self._steps_told < steps < PLAIN_STEPS:
            self._steps_told = steps
            self._tell(f"{self._name}: {done:,} of {total:,}")

    def note(self, text: str) -> None:
        self._tell(text)

    def close(self) -> None:
        if self._name is not None:
            self._tell(f"{self._name} done in {self._clock() - self._began_seconds:.1f} s")
            self._name = None

    def _tell(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


class BarProgress:
    """One bar a stage on a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bars: Bars | None = None
        self._task: TaskID | None = None

    def stage(self, name: str) -> None:
        bars = self._started()
        self._finish(bars)
        self._task = bars.add_task(name, total=None)

    def advance(self, done: int, total: int | None = None) -> None:
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=done, total=total)

    def note(self, text: str) -> None:
        self._started().console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        if self._bars is not None:
            self._finish(self._bars)
            self._bars.stop()
            self._bars = None

    def _finish(self, bars: Bars) -> None:
        """Fill the present stage's bar and stop its clock, whether or not it ever knew a total."""
        if self._task is not None:
            bars.update(self._task, total=1, completed=1)
            self._task = None

    def _started(self) -> Bars:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        if self._bars is None:
            columns = (TextColumn("{task.description:<14}"), BarColumn(), TimeElapsedColumn())
            self._bars = RichProgress(*columns, console=Console(file=self._stream))
            self._bars.start()
        return self._bars


def progress_for(stream: TextIO) -> Progress:
    """The kind of progress that suits `stream`: bars on a terminal that can draw, lines elsewhere."""
    if stream.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        return BarProgress(stream)
    return PlainProgress(stream)
