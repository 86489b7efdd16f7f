"""Which code a cell depends on: hashes of source files, so that a finished cell is repeated only when it must be.

A world depends on `base` and on the simulator without baselines and scoring; a scan on its world, `base`, the rooms of
analysis and the pipeline (the reports in `share` change no verdict and are left out); an ablation also on its own
module; a rival on its world and its own files; figures on the scoring code. A file that no rule names counts as part of
the world, so that what is new is measured again rather than taken for measured.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from bench.range.cells import Place, WorldKey, read_document

import hydrometer

PACKAGE = Path(hydrometer.__file__).parent
BENCH = Path(__file__).parent.parent
SUFFIXES = {".py", ".yaml", ".json", ".npz", ".txt"}
NOT_OF_WORLDS = ("account_features", "agreement", "baseline", "calibration", "hard", "leakage", "metrics", "score")
"""Beginnings of the names of the simulator's files that make no traffic."""
SCAN = ("base", "collect", "fingerprint", "link", "prove", "pipeline.py", "looks.py", "moments.py", "abstentions.py")
HASH_DIGITS = 16


def files(*roots: Path) -> list[Path]:
    """Source files under some folders, or the files themselves."""
    found = [path for root in roots for path in ([root] if root.is_file() else root.rglob("*"))]
    return sorted(path for path in found if path.suffix in SUFFIXES and "__pycache__" not in path.parts)


def digest(paths: Iterable[Path], *words: str) -> str:
    """Hash of files (names below the project and contents) and words."""
    state = hashlib.sha256(hydrometer.__version__.encode())
    for path in paths:
        inside = path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else BENCH.parent)
        state.update(f"\0{inside.as_posix()}\0".encode() + path.read_bytes())
    for word in words:
        state.update(b"\0" + word.encode())
    return state.hexdigest()[:HASH_DIGITS]


@cache
def simulator() -> str:
    """Code that makes worlds."""
    own = PACKAGE / "simulate"
    named = [path for path in files(own) if not path.relative_to(own).parts[0].startswith(NOT_OF_WORLDS)]
    return digest([*files(PACKAGE / "base"), *named, BENCH / "range" / "making.py"])


def world(key: WorldKey) -> str:
    """Code and settings of one world."""
    return digest([], simulator(), repr(key))


@cache
def _scanning() -> str:
    return digest([*files(*(PACKAGE / name for name in SCAN)), BENCH / "range" / "scanning.py"])


def scan(key: WorldKey) -> str:
    """Code and settings of a full scan of one world."""
    return digest([], world(key), _scanning())


@cache
def _ablating() -> str:
    return digest([BENCH / "range" / "ablations.py"])


def ablation(key: WorldKey) -> str:
    """Code and settings of the ablations on one world."""
    return digest([], scan(key), _ablating())


@cache
def _rivalling(name: str) -> str:
    folder = PACKAGE / "simulate" / "baselines"
    own = [path for path in files(folder) if path.stem == name or path.name.startswith("_")]
    peers = files(BENCH / "peers") if (BENCH / "peers" / f"run_{name}.py").exists() else []
    pins = BENCH.parent / "requirements" / f"peer-{name}.txt"
    nouns = PACKAGE / "simulate" / "baseline.py"
    return digest([*own, *peers, *(path for path in (pins, nouns) if path.exists())])


def rival(key: WorldKey, name: str) -> str:
    """Code and settings of one rival on one world."""
    return digest([], world(key), _rivalling(name))


@cache
def scoring() -> str:
    """Code that turns flags and truth into figures."""
    own = files(PACKAGE / "simulate")
    named = [path for path in own if path.parent == PACKAGE / "simulate" and path.stem.startswith(NOT_OF_WORLDS)]
    return digest([*named, BENCH / "range" / "figures.py"])


def figures(place: Place, frozen: Path | None) -> str:
    """Scoring code, frozen thresholds, and the documents that there are to be scored."""
    parts = [path for path in sorted(place.folder.glob("*.json")) if path.stem != "figures"]
    made = [f"{path.stem} {(read_document(path) or {}).get('code')}" for path in parts]
    thresholds = frozen.read_text(encoding="utf-8") if frozen is not None and frozen.exists() else ""
    return digest([], scoring(), thresholds, *made)
