"""Works on steps side by side, one process each, in the order of worlds; what is interrupted continues later.

A world's steps wait for the ones they read from; an early world is finished before a later one is begun, so that few
worlds lie on the disk at once. The keyboard reaches the parent alone: it ends its children, and whatever they had not
finished has left no document behind.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

from bench.range.cells import Place, WorldKey, read_document, write_document
from bench.range.steps import Step, perform

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
LIMIT_SECONDS = 3600.0
"""Longest that one step may take; then it is ended and counts as failed."""
LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Task:
    """One world and the steps that are wanted of it, those they read from included, in order.

    Attributes:
        key: the world.
        steps: names of the steps.
        frozen: file of the frozen thresholds, where figures are wanted.
    """

    key: WorldKey
    steps: tuple[str, ...]
    frozen: Path | None = None


class Teller(Protocol):
    """Told of every step."""

    def begun(self, step: Step) -> None:
        """A step begins."""

    def ended(self, step: Step, done: int, total: int, failed: str | None) -> None:
        """A step is over; `done` of `total` are."""


def pending(cache: Path, task: Task) -> list[Step]:
    """Steps of a task that must be done: unfinished ones, and those whose files an unfinished one reads and misses."""
    steps = {name: Step(cache, task.key, name, task.frozen) for name in task.steps}
    missing = {name for name, step in steps.items() if not step.finished()}
    for name in reversed(task.steps):
        needed = steps[name].needs
        if name in missing and needed is not None and not steps[needed].provides():
            missing.add(needed)
    return [steps[name] for name in task.steps if name in missing]


def work_off(cache: Path, tasks: Sequence[Task], *, jobs: int, keep: bool, teller: Teller) -> dict[Step, str]:
    """Do all pending steps of all tasks.

    Args:
        cache: folder of the cache.
        tasks: worlds in the order in which they are worked on.
        jobs: processes at once.
        keep: whether traffic and workspaces stay after a world's last step.
        teller: told of every step.

    Returns:
        the steps that failed, with the reason.

    Raises:
        KeyboardInterrupt: after every child was ended.
    """
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    waiting = [step for task in tasks for step in pending(cache, task)]
    total, failed = len(waiting), dict[Step, str]()
    left = {key: sum(step.key == key for step in waiting) for key in {step.key for step in waiting}}
    open_steps = set(waiting)
    running: dict[BaseProcess, tuple[Step, float]] = {}
    try:
        while waiting or running:
            while len(running) < jobs and (step := _next(waiting, open_steps)) is not None:
                waiting.remove(step)
                running[_started(step)] = (step, time.monotonic())
                teller.begun(step)
            for process in _over(running):
                step, _ = running.pop(process)
                reason = _reason(step, process)
                for one in [step, *(_readers(step, waiting) if reason else [])]:
                    open_steps.discard(one)
                    left[one.key] -= 1
                    if one in waiting:
                        waiting.remove(one)
                    if reason:
                        failed[one] = reason if one == step else f"{step.name} failed"
                    teller.ended(one, total - len(open_steps), total, failed.get(one))
                if not left[step.key] and not keep:
                    Place(cache, step.key).drop_large()
    finally:
        _end(running)
    return failed


def _next(waiting: Iterable[Step], open_steps: set[Step]) -> Step | None:
    """The first step whose source is done; None where all wait for a running one."""
    for step in waiting:
        source = step.needs and Step(step.cache, step.key, step.needs, step.frozen)
        if source is None or source not in open_steps:
            return step
    return None


def _readers(broken: Step, waiting: Iterable[Step]) -> list[Step]:
    """Steps that read, directly or not, from one that failed."""
    lost = {broken.name}
    found = []
    for step in [one for one in waiting if one.key == broken.key]:
        if step.needs in lost:
            lost.add(step.name)
            found.append(step)
    return found


def _started(step: Step) -> BaseProcess:
    """A process that does a step."""
    process = multiprocessing.get_context("spawn").Process(target=_child, args=(step,), daemon=False)
    process.start()
    return process


def _child(step: Step) -> None:
    """What the process does; in a group of its own, so that what it starts ends with it, and no keyboard reaches it."""
    os.setpgrp()
    perform(step)


def _over(running: dict[BaseProcess, tuple[Step, float]]) -> list[BaseProcess]:
    """Processes that have ended, some of them because their time was up."""
    wait([process.sentinel for process in running], timeout=LOOK_SECONDS)
    for process, (_, began) in running.items():
        if time.monotonic() - began > LIMIT_SECONDS:
            _signal(process, signal.SIGKILL)
            process.join()
    over = [process for process in running if not process.is_alive()]
    for process in over:
        process.join()
    return over


def _reason(step: Step, process: BaseProcess) -> str | None:
    """Why a step that is over is not finished; None where it is."""
    if step.finished():
        return None
    document = read_document(step.place.document(step.name), step.code)
    if document is not None:
        return str(document["failed"])
    reason = f"its process ended with code {process.exitcode}"
    write_document(
        step.place.document(step.name), {"code": step.code, "step": step.name, "failed": reason, "seconds": None}
    )
    return reason


def _end(running: dict[BaseProcess, tuple[Step, float]]) -> None:
    """End every child that is still at work."""
    for process in running:
        _signal(process, signal.SIGTERM)
    for process in running:
        process.join()


def _signal(process: BaseProcess, number: signal.Signals) -> None:
    """Send a signal to a child and to whatever it has started; to it alone while it has no group yet."""
    assert process.pid is not None
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        process.terminate()
