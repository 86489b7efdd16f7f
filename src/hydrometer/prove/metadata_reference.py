"""The benign library for logs without prompts: figures of metadata, with weights of their own.

The weights of `harvest.yaml` were fitted beside figures of wording; what is left of them where wording is missing ranks
campaigns no better than one benign operator in three hundred. So the figures of metadata have weights that were fitted
on metadata alone, and a library that was measured so, on the same development worlds (`bench/fit_metadata.py`). Score,
rank and e-value are those of `reference.py`: without the family that speaks loudest, at most log2(n + 1) bits.
Source: `statistics.md` sections 2.2, 3.3 and 4; docs/model-card.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import yaml
from numpy.typing import NDArray

from hydrometer.base.cases import OwnOperators
from hydrometer.prove.metadata import METADATA_FAMILIES, METADATA_FIGURES
from hydrometer.prove.reference import Weights, weights

METADATA_WEIGHTS = Path(__file__).with_name("metadata.yaml")
METADATA_LIBRARY = Path(__file__).with_name("metadata.parquet")


@dataclass(frozen=True, slots=True)
class MetadataReference:
    """Weights and library of metadata.

    Attributes:
        weights: of the figures.
        kinds: kind of each operator of the library.
        values: shape (n, figures).
        own: how many of them, the last ones, are the provider's own; the others are simulated.
    """

    weights: Weights
    kinds: tuple[str, ...]
    values: NDArray[np.float64]
    own: int = 0

    @property
    def null_model(self) -> str:
        """Whom a group is compared with, as a row of evidence says it."""
        made = f"simulated {len(self.kinds) - self.own}" if self.own else "all simulated"
        return f"exchangeable with the benign operators of the metadata library (own {self.own}, {made})"

    def scores(self, known: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Scores of all operators by the figures that a log can tell; shape (n,). `known` has shape (figures,)."""
        return self.weights.score(np.where(known, self.values, np.nan))


@lru_cache(maxsize=1)
def metadata_reference() -> MetadataReference:
    """The weights and the library that are shipped."""
    fitted = yaml.safe_load(METADATA_WEIGHTS.read_text(encoding="utf-8"))
    table = pq.read_table(METADATA_LIBRARY)
    values = np.stack([table[name].to_numpy().astype(np.float64) for name in METADATA_FIGURES], axis=1)
    return MetadataReference(
        weights(fitted["metadata"], METADATA_FAMILIES, tuple(METADATA_FIGURES)),
        tuple(table["kind"].to_pylist()),
        values,
    )


@lru_cache(maxsize=4)
def metadata_reference_with(own: OwnOperators) -> MetadataReference:
    """The library that is shipped, and the provider's own operators behind it."""
    shipped = metadata_reference()
    measured = np.flatnonzero(np.isfinite(own.metadata).any(axis=1))
    if not len(measured):
        return shipped
    return MetadataReference(
        shipped.weights,
        shipped.kinds + tuple(own.kinds[place] for place in measured),
        np.vstack([shipped.values, own.metadata[measured]]),
        len(measured),
    )
