"""A calibration: the provider's own benign operators in a folder, written by `calibrate` and read by `scan`.

`library.parquet` has one row an operator and nothing but figures: no id, no name, no text, in an order that says
nothing. `calibration.json` says from what they were taken and what was left out. A folder that is not whole, of another
schema or measured for other weights is refused: p-values against it would mean nothing.
Source: the contract, section 4 (`calibrate`); `statistics.md` section 3.3.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hydrometer.base.cases import OwnOperators
from hydrometer.base.errors import UsageError
from hydrometer.base.tables import TIME
from hydrometer.prove.forms import FORM_FIGURES
from hydrometer.prove.metadata import METADATA_FIGURES
from hydrometer.prove.profile import FIGURES
from hydrometer.prove.reference import FORM_PREFIX, WEIGHTS

SCHEMA_VERSION = "2"
FACTS, OPERATORS = "calibration.json", "library.parquet"
"""The two files of a calibration."""
EXPECTED = "a folder written by `hydrometer calibrate`"
AGAIN = "run `hydrometer calibrate` again with this version"
METADATA_PREFIX = "metadata_"
METADATA_COLUMNS = tuple(METADATA_PREFIX + name for name in METADATA_FIGURES)
FORM_COLUMNS = tuple(FORM_PREFIX + name for name in FORM_FIGURES)
SCHEMA = pa.schema([
    pa.field("kind", pa.string(), nullable=False), pa.field("known_from", TIME, nullable=False),
    *(pa.field(name, pa.float64()) for name in (*FIGURES, *FORM_COLUMNS, *METADATA_COLUMNS)),
])  # fmt: skip
"""Columns of the library. Those of the form are all null where an operator has none, those of prompts where none was
read, one of metadata where the log could not tell."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A calibration as it was read.

    Attributes:
        own: the operators.
        facts: the content of `calibration.json`.
        sha256: of `calibration.json`, which holds the hash of the library.
    """

    own: OwnOperators
    facts: Mapping[str, Any]
    sha256: str


def weights_sha256() -> str:
    """Hash of the weights that choose an operator's most telling form."""
    return hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()


def write(folder: Path, own: OwnOperators, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write both files into a folder that is there; what `calibration.json` says.

    Args:
        folder: where to.
        own: the operators, in any order.
        facts: what was read and left out.
    """
    parts = (own.profiles, own.forms, own.metadata)
    keys = [column for part in reversed(parts) for column in part.T[::-1]]
    order = np.lexsort(keys) if len(own) else np.zeros(0, np.int64)
    columns: list[pa.Array] = [
        pa.array([own.kinds[place] for place in order], pa.string()),
        pa.array(own.known_us[order], pa.int64()).cast(TIME),
    ]
    columns += [
        pa.array(_column(part, place, len(own))[order], pa.float64(), from_pandas=True)
        for part, count in zip(parts, (len(FIGURES), len(FORM_FIGURES), len(METADATA_FIGURES)), strict=True)
        for place in range(count)
    ]
    pq.write_table(pa.table(columns, schema=SCHEMA), folder / OPERATORS, compression="zstd")
    said: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION, "weights_sha256": weights_sha256(),
        "content": not len(own) or not bool(np.isnan(own.profiles).all()),
        "library_sha256": hashlib.sha256((folder / OPERATORS).read_bytes()).hexdigest(), **facts,
    }  # fmt: skip
    text = json.dumps(said, indent=2, sort_keys=True, ensure_ascii=True, allow_nan=False) + "\n"
    (folder / FACTS).write_text(text, encoding="ascii", newline="\n")
    return said


def _column(values: NDArray[np.float64], place: int, rows: int) -> NDArray[np.float64]:
    """One column of figures of so many operators; not a number where they were not measured."""
    return values[:, place] if len(values) else np.full(rows, np.nan)


def load(folder: Path, *, content: bool = True) -> Calibration:
    """A calibration.

    Args:
        folder: where it is.
        content: whether the scan reads prompts; operators that were measured without tell nothing about those then.

    Raises:
        UsageError: the folder is none, is damaged, was written for another schema or other weights, or without content
            for a scan with it.
    """
    written = _bytes(folder, FACTS)
    facts = _facts(folder, written)
    measured = bool(facts.get("content"))
    if facts.get("schema_version") != SCHEMA_VERSION:
        _refuse(folder, f"schema_version {facts.get('schema_version')!r}", f"schema_version {SCHEMA_VERSION!r}", AGAIN)
    if facts.get("weights_sha256") != weights_sha256():
        _refuse(folder, "operators measured for other weights than those of this version", EXPECTED, AGAIN)
    if content and not measured:
        _refuse(
            folder,
            "operators measured without content",
            "some measured with it",
            "calibrate with content, or scan with --no-content",
        )
    if hashlib.sha256(_bytes(folder, OPERATORS)).hexdigest() != facts.get("library_sha256"):
        _refuse(folder, f"{OPERATORS} is not the file that {FACTS} names", "both files as they were written", AGAIN)
    return Calibration(_operators(folder, content=measured), facts, hashlib.sha256(written).hexdigest())


def _bytes(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as problem:
        _refuse(folder, f"no readable {name} ({problem.strerror or type(problem).__name__})", EXPECTED, "name one")


def _facts(folder: Path, content: bytes) -> dict[str, Any]:
    try:
        facts = json.loads(content)
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        _refuse(folder, f"{FACTS} is no JSON mapping", EXPECTED, AGAIN)
    return facts


def _operators(folder: Path, *, content: bool) -> OwnOperators:
    try:
        table = pq.read_table(folder / OPERATORS, schema=SCHEMA)
    except (pa.ArrowException, OSError, ValueError) as problem:
        _refuse(folder, f"{OPERATORS} is unreadable ({type(problem).__name__})", EXPECTED, AGAIN)
    profiles, forms, metadata = (
        np.stack([table[name].to_numpy().astype(np.float64) for name in names], axis=1)
        for names in (FIGURES, FORM_COLUMNS, METADATA_COLUMNS)
    )
    read = (profiles, forms[~np.isnan(forms).all(axis=1)]) if content else ()
    if not all(np.isfinite(part).all() for part in read) or np.isinf(metadata).any():
        _refuse(folder, f"{OPERATORS} holds figures that are no finite numbers", EXPECTED, AGAIN)
    known = table["known_from"].cast(pa.int64()).to_numpy()
    return OwnOperators(tuple(table["kind"].to_pylist()), profiles, forms, known, metadata)


def _refuse(folder: Path, found: str, expected: str, remedy: str) -> NoReturn:
    raise UsageError(f"calibration {folder}", found, expected, remedy)
