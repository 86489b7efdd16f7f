"""A world of the run, where its files lie in the cache, and files that appear under their name only when whole.

A document in the cache carries the code it was made with; one that is half written, or was made with other code, counts
as absent, so that an interrupted run continues and a changed method is measured again.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class WorldKey:
    """One world as it is simulated.

    Attributes:
        world: its name.
        seed: seed of the world and of every method on it.
        scale: factor on its accounts; None = the world's usual one.
        evasions: knobs that are turned, with their values; all others are as the world has them.
    """

    world: str
    seed: int
    scale: float | None = None
    evasions: tuple[tuple[str, float], ...] = ()

    @property
    def slug(self) -> str:
        """Name of its folder.

        >>> WorldKey("curves", 1, 0.5, (("jitter", 1.0),)).slug
        'curves-seed1-scale0.5-jitter1'
        """
        scale = "" if self.scale is None else f"-scale{self.scale:g}"
        turned = "".join(f"-{name}{value:g}" for name, value in self.evasions)
        return f"{self.world}-seed{self.seed}{scale}{turned}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where one world's files lie in the cache.

    `traffic` and `work` (the workspace of the full scan) are large and go away when no method needs them any longer;
    the rest stays: truth, the campaigns' exchanges without their texts, the tables of the run, scores and figures.
    """

    cache: Path
    key: WorldKey

    @property
    def folder(self) -> Path:
        """All of it."""
        return self.cache / self.key.slug

    @property
    def traffic(self) -> Path:
        """Traffic as a scan reads it."""
        return self.folder / "traffic"

    @property
    def truth(self) -> Path:
        """Ground truth."""
        return self.folder / "truth"

    @property
    def kept(self) -> Path:
        """Folder with the campaigns' exchanges, texts left out: what is needed to score again."""
        return self.folder / "kept"

    @property
    def shuffled(self) -> Path:
        """The truth with its labels shuffled among accounts of one size."""
        return self.folder / "shuffled"

    @property
    def run(self) -> Path:
        """Tables of the full scan."""
        return self.folder / "run"

    @property
    def work(self) -> Path:
        """Workspace of the full scan: fingerprints and entities, for the ablations."""
        return self.folder / "work"

    def document(self, name: str) -> Path:
        """A JSON file of this world: `simulate`, `hydrometer`, `rival-…`, `ablation-…`, `figures`."""
        return self.folder / f"{name}.json"

    def scores(self, method: str) -> Path:
        """Scores of a rival."""
        return self.folder / f"rival-{method}.npz"

    def drop_large(self) -> None:
        """Remove what only unfinished methods need."""
        for folder in (self.traffic, self.work):
            shutil.rmtree(folder, ignore_errors=True)


def write_document(path: Path, document: Document) -> None:
    """Write JSON whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(document, allow_nan=False) + "\n", encoding="utf-8")
    os.replace(unfinished, path)


def read_document(path: Path, code: str | None = None) -> Document | None:
    """The document at `path`, or None: missing, damaged, or made with other code than `code` (None = any).

    Args:
        path: JSON file.
        code: hash of the code and the settings that it must have been made with.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict) or (code is not None and document.get("code") != code):
        return None
    return document
