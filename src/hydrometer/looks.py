"""When each listed group could first be found: looks at earlier epochs, in processes of their own where cores are free.

A look forms and judges all groups from what was known at the end of an epoch. Looks are independent of each other, so
that those which may be needed next are asked ahead; which of them were asked changes no answer. The processes are
started as programs, not by `multiprocessing`, which would run the caller's own script again in each of them.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from string import ascii_letters
from threading import Thread
from typing import IO, Any

from hydrometer.base.groups import OVERLAP
from hydrometer.base.journal import Journal
from hydrometer.base.memory import peak_rss_bytes
from hydrometer.base.workspace import Workspace
from hydrometer.moments import Known, listed_at

STRIDE = 4
"""Epochs of a stride at the beginning of a log."""
STRIDES = 8
"""Strides of one length; then they are twice as long, so that a long log is looked at not much more often."""
AT_ONCE = 3
"""Processes of looks at most: a bisection asks about no more than three epochs at once."""
WATCH_SECONDS = 1.0
"""How often a look asks whether anybody still waits for it."""
Listed = list[frozenset[int]]


class Looks:
    """What was listed at the end of each epoch, asked ahead where there is more than one thread.

    Args:
        workspace: tables of the run, whole.
        known: what is known at the end of the log.
        journal: keeps answers, and has those of a scan that is gone on with.
        earlier: answers of an earlier run that are still true.
    """

    def __init__(
        self,
        workspace: Workspace,
        known: Known,
        journal: Journal | None = None,
        earlier: Mapping[int, Listed] | None = None,
    ) -> None:
        self._workspace, self._known, self._journal = workspace, known, journal
        self._count = min(workspace.threads, AT_ONCE) if workspace.threads > 1 else 0
        self._answers: dict[int, Future[Listed | None]] = {}
        self._needed = set(earlier or {})
        self._pool = ThreadPoolExecutor(max(1, self._count))
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._children: list[subprocess.Popen[bytes]] = []
        self._peaks: dict[int, int] = {}
        for epoch, listed in [*(earlier or {}).items(), *(journal.answers() if journal else {}).items()]:
            self._settle(epoch, listed)

    def __enter__(self) -> Looks:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def peak_bytes(self) -> int:
        """Most memory of all processes of looks together, so far."""
        return sum(self._peaks.values())

    @property
    def answers(self) -> dict[int, Listed]:
        """The answers that were needed so far, and those of an earlier run."""
        return {epoch: self.at(epoch) for epoch in sorted(self._needed)}

    def learn(self, epoch: int, listed: Listed) -> None:
        """Take the answer of an epoch that was looked at otherwise."""
        self._settle(epoch, listed)
        self._needed.add(epoch)

    def ahead(self, epochs: Iterable[int]) -> None:
        """Begin to look at some epochs, in this order, where there are processes for it."""
        for epoch in epochs:
            if self._count and epoch not in self._answers:
                self._answers[epoch] = self._pool.submit(self._asked, epoch)

    def at(self, epoch: int) -> Listed:
        """Units of each group that was listed at the end of an epoch."""
        self._needed.add(epoch)
        self.ahead([epoch])
        answer = self._answers[epoch].result() if epoch in self._answers else None
        if answer is None:
            answer = listed_at(self._workspace, self._known, epoch)
            self._settle(epoch, answer)
            self._keep(epoch, answer)
        return answer

    def _settle(self, epoch: int, listed: Listed) -> None:
        self._answers[epoch] = Future()
        self._answers[epoch].set_result(listed)

    def _keep(self, epoch: int, listed: Listed) -> None:
        if self._journal is not None:
            self._journal.answered(epoch, listed)

    def _asked(self, epoch: int) -> Listed | None:
        """The answer of a process; None where it broke, so that its error shows where it can be told."""
        child = self._child()
        if child is None:
            return None
        try:
            send(child.stdin, epoch)
            listed, peak = received(child.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            return None
        self._peaks[child.pid] = peak
        self._idle.put(child)
        self._keep(epoch, listed)
        return listed  # type: ignore[no-any-return]

    def _child(self) -> subprocess.Popen[bytes] | None:
        """A process that waits, or a new one; None where none can be started."""
        try:
            return self._idle.get_nowait()
        except Empty:
            pass
        words = [sys.executable, "-P", "-m", "hydrometer.looks"]
        try:
            child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self._children.append(child)
            place = self._workspace
            memory = part_of(place.memory, self._count + 1)
            send(child.stdin, (os.getpid(), str(place.folder), memory, place.epoch_us, self._known))
        except OSError:
            return None
        return child

    def close(self) -> None:
        """End all processes; what was asked and not needed is given up."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for child in self._children:
            child.kill()
        self._pool.shutdown()
        for child in self._children:
            child.kill()
            child.communicate()


def part_of(memory: str | None, parts: int) -> str | None:
    """A memory limit, shared out.

    >>> part_of("4GB", 3), part_of(None, 3)
    ('1.333GB', None)
    """
    if memory is None:
        return None
    number = memory.rstrip(ascii_letters + " ")
    return f"{float(number) / parts:.3f}{memory[len(number) :].strip()}"


def strides(first: int, last: int) -> list[int]:
    """Epochs at which each stride of a log ends; the last one is `last`.

    But for the last they do not depend on where the log ends, so that a run over more of it asks at the same epochs.

    >>> strides(0, 26), strides(0, 50)
    ([3, 7, 11, 15, 19, 23, 26], [3, 7, 11, 15, 19, 23, 27, 31, 39, 47, 50])
    """
    ends, stride, end = list[int](), STRIDE, first - 1
    while True:
        for _ in range(STRIDES if end < first else STRIDES // 2):
            end += stride
            if end >= last:
                return [*ends, last]
            ends.append(end)
        stride *= 2


def first_listing(
    looks: Looks, sought: Mapping[str, frozenset[int]], first: int, last: int, step: Callable[[int], None]
) -> dict[str, int]:
    """Epoch at whose end each listed group, formed and judged from what was known then, was first listed.

    Epochs are looked at from the first on in strides, and by bisection within the stride that lists the group: the
    epoch returned lists it, and the one before it does not. A listing that came and went within an earlier stride is
    missed, so that leakage is, if anything, overstated.

    Args:
        looks: what was listed when.
        sought: name of each group that the whole log lists → its units.
        first: first epoch of the log.
        last: its last epoch.
        step: told which epoch was looked at.
    """
    ends, waiting, result = strides(first, last), dict(sought), dict[str, int]()

    def found(epoch: int, units: frozenset[int]) -> bool:
        listed = looks.at(epoch)
        step(epoch)
        return any(len(units & other) >= OVERLAP * len(other) for other in listed)

    for number, high in enumerate(ends):
        if waiting:
            looks.ahead(end for end in ends[number : number + 2] if end != last)
        for name, units in [one for one in waiting.items() if high == last or found(high, one[1])]:
            low, top = (ends[number - 1] if number else first - 1), high
            while top - low > 1:
                middle = (low + top) // 2
                looks.ahead(between(low, top))
                low, top = (low, middle) if found(middle, units) else (middle, top)
            result[name] = top
            del waiting[name]
    return result


def between(low: int, top: int) -> list[int]:
    """Epochs that a bisection between two may ask about next: the middle, then the middles of both halves.

    >>> between(-1, 3), between(4, 6), between(4, 5)
    ([1, 0, 2], [5], [])
    """
    middle = (low + top) // 2
    wanted = [middle, (low + middle) // 2, (middle + top) // 2]
    return [epoch for number, epoch in enumerate(wanted) if low < epoch < top and epoch not in wanted[:number]]


def send(stream: IO[bytes] | None, value: Any) -> None:
    """Write one value to the other process."""
    assert stream is not None
    pickle.dump(value, stream)
    stream.flush()


def received(stream: IO[bytes] | None) -> Any:
    """The next value from the other process, which is this program, too.

    Raises:
        EOFError: the other process is gone.
    """
    assert stream is not None
    return pickle.load(stream)  # noqa: S301


def end_with(parent: int) -> None:
    """End this process once the one that started it is gone: a look of a large log takes minutes, and nobody waits."""
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)


def serve() -> None:
    """Answer looks until nobody asks any more; an interruption is for whoever asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    parent, folder, memory, epoch_us, known = received(asked)
    Thread(target=end_with, args=(parent,), daemon=True).start()
    workspace = Workspace(Path(folder), 1, memory, epoch_us, spill=f"spill-{os.getpid()}")
    while True:
        try:
            epoch = received(asked)
        except EOFError:
            return
        listed = listed_at(workspace, known, epoch)
        send(answers, (listed, peak_rss_bytes()))


if __name__ == "__main__":
    serve()
