"""What a signal is: one measurement of one exchange, taken in the pass over text, with what it is for and against.

A signal sees a batch of exchanges and nothing else: no other account, no population, no clock. That is what makes its
columns the same on every engine, and account state mergeable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

READING = ("concepts", "opening", "closing", "skeleton", "sketch_a", "sketch_b", "item", "words")
"""Columns of a reading: what the pass over one text column returns."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some exchanges, with their texts already read.

    Attributes:
        rows: the canonical columns of n exchanges.
        prompt: shape (n, 8), int64, the reading of the newest user turn; zeros where there is none.
        system: the same for the system prompt.
        key: the deployment's key for pseudonyms.
    """

    rows: pa.Table
    prompt: NDArray[np.int64]
    system: NDArray[np.int64]
    key: bytes

    def reading(self, text: str, column: str) -> NDArray[np.int64]:
        """One column of the reading of `text` ("prompt" or "system"), shape (n,)."""
        values: NDArray[np.int64] = self.prompt if text == "prompt" else self.system
        return values[:, READING.index(column)]


@dataclass(frozen=True, slots=True)
class Signal:
    """How one measurement is taken.

    Attributes:
        name: stem of its file.
        unit: unit of its columns.
        needs: canonical columns without which it abstains (any one of them is enough).
        columns: fingerprint columns that it fills, with their Arrow types.
        measure: batch → those columns, each of the batch's length; null or 0 = not known.
        layers: entity layer → fingerprint columns that hold its entities.
        cost_of_evasion: why avoiding it costs the operator something.
        source: where the idea is published.
        fires_on: worlds in which campaign accounts must show it.
        holds_on: worlds in which benign accounts must not.
    """

    name: str
    unit: str
    needs: tuple[str, ...]
    columns: dict[str, pa.DataType]
    measure: Callable[[Batch], dict[str, pa.Array]]
    cost_of_evasion: str
    source: str
    layers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fires_on: tuple[str, ...] = ()
    holds_on: tuple[str, ...] = ()
