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
from hydrometer.prove.profile import FIGURES
from hydrometer.prove.reference import FORM_PREFIX, WEIGHTS

SCHEMA_VERSION = "1"
FACTS, OPERATORS = "calibration.json", "library.parquet"
"""The two files of a calibration."""
EXPECTED = "a folder written by `hydrometer calibrate`"
AGAIN = "run `hydrometer calibrate` again with this version"
FORM_COLUMNS = tuple(FORM_PREFIX + name for name in FORM_FIGURES)
SCHEMA = pa.schema([
    pa.field("kind", pa.string(), nullable=False), pa.field("known_from", TIME, nullable=False),
    *(pa.field(name, pa.float64(), nullable=False) for name in FIGURES),
    *(pa.field(name, pa.float64()) for name in FORM_COLUMNS),
])  # fmt: skip
"""Columns of the library; those of the form are all null where an operator has none."""


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
    order = np.lexsort([*own.forms.T[::-1], *own.profiles.T[::-1]]) if len(own) else np.zeros(0, np.int64)
    columns: list[pa.Array] = [
        pa.array([own.kinds[place] for place in order], pa.string()),
        pa.array(own.known_us[order], pa.int64()).cast(TIME),
    ]
    columns += [pa.array(_column(own.profiles, place)[order], pa.float64()) for place in range(len(FIGURES))]
    columns += [
        pa.array(_column(own.forms, place)[order], pa.float64(), from_pandas=True) for place in range(len(FORM_FIGURES))
    ]
    pq.write_table(pa.table(columns, schema=SCHEMA), folder / OPERATORS, compression="zstd")
    said: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION, "weights_sha256": weights_sha256(),
        "library_sha256": hashlib.sha256((folder / OPERATORS).read_bytes()).hexdigest(), **facts,
    }  # fmt: skip
    text = json.dumps(said, indent=2, sort_keys=True, ensure_ascii=True, allow_nan=False) + "\n"
    (folder / FACTS).write_text(text, encoding="ascii", newline="\n")
    return said


def _column(values: NDArray[np.float64], place: int) -> NDArray[np.float64]:
    """One column of a table that may have no rows and then no columns either."""
    return values[:, place] if len(values) else np.zeros(0)


def load(folder: Path) -> Calibration:
    """A calibration.

    Raises:
        UsageError: the folder is none, is damaged, or was written for another schema or other weights.
    """
    content = _bytes(folder, FACTS)
    facts = _facts(folder, content)
    if facts.get("schema_version") != SCHEMA_VERSION:
        _refuse(folder, f"schema_version {facts.get('schema_version')!r}", f"schema_version {SCHEMA_VERSION!r}", AGAIN)
    if facts.get("weights_sha256") != weights_sha256():
        _refuse(folder, "operators measured for other weights than those of this version", EXPECTED, AGAIN)
    if hashlib.sha256(_bytes(folder, OPERATORS)).hexdigest() != facts.get("library_sha256"):
        _refuse(folder, f"{OPERATORS} is not the file that {FACTS} names", "both files as they were written", AGAIN)
    return Calibration(_operators(folder), facts, hashlib.sha256(content).hexdigest())


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


def _operators(folder: Path) -> OwnOperators:
    try:
        table = pq.read_table(folder / OPERATORS, schema=SCHEMA)
    except (pa.ArrowException, OSError, ValueError) as problem:
        _refuse(folder, f"{OPERATORS} is unreadable ({type(problem).__name__})", EXPECTED, AGAIN)
    profiles, forms = (
        np.stack([table[name].to_numpy().astype(np.float64) for name in names], axis=1)
        for names in (FIGURES, FORM_COLUMNS)
    )
    empty = np.isnan(forms).all(axis=1)
    if not np.isfinite(profiles).all() or not np.isfinite(forms[~empty]).all():
        _refuse(folder, f"{OPERATORS} holds figures that are no finite numbers", EXPECTED, AGAIN)
    known = table["known_from"].cast(pa.int64()).to_numpy()
    return OwnOperators(tuple(table["kind"].to_pylist()), profiles, forms, known)


def _refuse(folder: Path, found: str, expected: str, remedy: str) -> NoReturn:
    raise UsageError(f"calibration {folder}", found, expected, remedy)
