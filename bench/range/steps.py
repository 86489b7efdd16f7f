"""The pieces of work on one world, each done in a process of its own and measured there.

simulate → hydrometer → ablations, and every rival beside them; figures come last, when thresholds are frozen. A piece
writes its documents whole, with the code they were made with, and the seconds and the peak memory that they took.
"""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.range import codes
from bench.range.cells import Document, Place, WorldKey, read_document, write_document

from hydrometer.base.errors import HydrometerError

SIMULATE, HYDROMETER, ABLATIONS, FIGURES = "simulate", "hydrometer", "ablations", "figures"
RIVAL = "rival-"
BYTES_PER_KIB = 1024
LAST_FRAMES = 4
FOLDERS = re.compile(r"(?<![\w.])/(?:[^/\s]+/)+")
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Step:
    """One piece of work.

    Attributes:
        cache: folder of the cache.
        key: the world.
        name: `simulate`, `hydrometer`, `ablations`, `rival-…` or `figures`.
        frozen: file of the frozen thresholds, for `figures`.
    """

    cache: Path
    key: WorldKey
    name: str
    frozen: Path | None = None

    @property
    def place(self) -> Place:
        """Where the world's files lie."""
        return Place(self.cache, self.key)

    @property
    def code(self) -> str:
        """Hash of the code and the settings that its documents must carry."""
        if self.name.startswith(RIVAL):
            return codes.rival(self.key, self.name.removeprefix(RIVAL))
        if self.name == FIGURES:
            return codes.figures(self.place, self.frozen)
        return {SIMULATE: codes.world, HYDROMETER: codes.scan, ABLATIONS: codes.ablation}[self.name](self.key)

    def finished(self) -> bool:
        """Whether its document is in the cache and agrees with the code; a failure is tried again."""
        document = read_document(self.place.document(self.name), self.code)
        return document is not None and "failed" not in document

    @property
    def needs(self) -> str | None:
        """Step of the same world whose files it reads."""
        return {SIMULATE: None, FIGURES: None, ABLATIONS: HYDROMETER}.get(self.name, SIMULATE)

    def provides(self) -> bool:
        """Whether what later steps read of it is there, too."""
        folder = {SIMULATE: self.place.traffic, HYDROMETER: self.place.work}.get(self.name)
        return self.finished() and (folder is None or folder.exists())


def perform(step: Step) -> None:
    """Do a step and write its document; a method that breaks is recorded as broken, with its error."""
    began = time.perf_counter()
    work = _rival if step.name.startswith(RIVAL) else WORK[step.name]
    try:
        found = work(step)
    except Exception as problem:
        frames = traceback.extract_tb(problem.__traceback__)[-LAST_FRAMES:]
        trace = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
        found = {"failed": in_a_line(problem), "trace": trace}
    measured = {"seconds": round(time.perf_counter() - began, 3), "peak_memory_bytes": peak_memory_bytes()}
    head = {"code": step.code, "step": step.name, "world": step.key.world, "seed": step.key.seed}
    write_document(step.place.document(step.name), head | measured | found)


def in_a_line(problem: Exception) -> str:
    """An error as a results file may tell it: one line, without the folders of this machine.

    >>> from hydrometer.base.errors import UsageError
    >>> in_a_line(UsageError("rival x", "File /a/b.py\\nImportError: no /a/b/lib.so", "", ""))
    'UsageError: rival x: ImportError: no lib.so'
    """
    where, text = (f"{problem.where}: ", problem.found) if isinstance(problem, HydrometerError) else ("", str(problem))
    last = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
    return FOLDERS.sub("", f"{type(problem).__name__}: {where}{last}")[:LONGEST_REASON]


def peak_memory_bytes() -> int:
    """Largest resident memory of this process since it began its program, or of the largest that it started."""
    import resource

    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * BYTES_PER_KIB
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii", errors="replace").splitlines() if status.exists() else []
    own = [int(line.split()[1]) * BYTES_PER_KIB for line in lines if line.startswith("VmHWM:")]
    return max(children, *(own or [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_KIB]))


def _simulate(step: Step) -> Document:
    """The world, and its counts."""
    from bench.range.making import make

    return {"counts": make(step.place)}


def _hydrometer(step: Step) -> Document:
    """A full scan: its tables, whom it flags, and how often that were right by chance if labels were shuffled."""
    from bench.range.scanning import listed_members, scan

    from hydrometer.simulate.shuffled import right_by_chance

    place = step.place
    manifest = scan(place.traffic, place.run, place.work, step.key.seed)
    groups = listed_members(place.run)
    expected, deviation = right_by_chance(place.truth, set(groups), place.traffic)
    return {
        "groups": groups,
        "stage_seconds": manifest["stage_seconds"],
        "right_by_chance": {"expected": expected, "deviation": deviation},
    }


def _ablations(step: Step) -> Document:
    """Whom hydrometer flags with each part switched off; those of an interrupted run are not repeated."""
    from bench.range.ablations import ablations, each_flagged, laid_out

    place = step.place
    folder = place.folder / "ablations"
    wanted = {one.name: one for one in ablations()}
    paths = {name: folder / f"{number:02d}.json" for number, name in enumerate(wanted)}
    before = {name: read_document(path, step.code) for name, path in paths.items()}
    missing = {name: one for name, one in wanted.items() if before[name] is None}
    bench = laid_out(place.work, step.key.seed)
    began = time.perf_counter()
    for name, groups in each_flagged(bench, missing):
        said = {"code": step.code, "ablation": name, "groups": groups, "seconds": time.perf_counter() - began}
        write_document(paths[name], said)
        before[name], began = said, time.perf_counter()
    bench.workspace.close()
    return {"groups": {name: document["groups"] for name, document in before.items() if document is not None}}


def _rival(step: Step) -> Document:
    """Scores of a rival, in a file beside its document."""
    import os

    import numpy as np
    from bench.range.methods import rivals

    name = step.name.removeprefix(RIVAL)
    scored = rivals()[name].score(step.place.traffic, step.key.seed)
    scores = np.asarray(scored.scores, np.float64)
    if np.isnan(scores).any():
        raise ValueError(f"{name} gave no number for {int(np.isnan(scores).sum())} accounts")
    groups = scored.groups or {}
    names = {"accounts": list(scored.account_ids), "holders": list(groups), "groups": list(groups.values())}
    path = step.place.scores(name)
    unfinished = path.with_name(f".{path.stem}.unfinished.npz")
    arrays: dict[str, Any] = {key: np.array(values, dtype=np.str_) for key, values in names.items()}
    np.savez_compressed(unfinished, allow_pickle=False, scores=scores, **arrays)
    os.replace(unfinished, path)
    return {"scored": len(scores), "has_groups": scored.groups is not None}


def _figures(step: Step) -> Document:
    """Figures of every method on the world, at the frozen thresholds."""
    from bench.range.figures import world_figures

    if step.frozen is None:
        raise ValueError("figures need frozen thresholds")
    return world_figures(step.place, step.frozen)


WORK: dict[str, Callable[[Step], Document]] = {
    SIMULATE: _simulate,
    HYDROMETER: _hydrometer,
    ABLATIONS: _ablations,
    FIGURES: _figures,
}
