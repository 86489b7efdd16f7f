"""Populations made by hand for tests of link and prove: who holds what is written down, nothing else is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.base.cases import Case, Counts, Usage
from hydrometer.base.families import FAMILY_OF, other_side
from hydrometer.base.groups import Group
from hydrometer.base.population import Layer, Population
from hydrometer.base.workspace import Workspace
from hydrometer.prove.judge import NO_USAGE

Holders = Sequence[Sequence[int] | NDArray[np.int64]]


def layer(name: str, units: int, holders: Holders, observed: NDArray[np.bool_] | None = None) -> Layer:
    """A layer from the holders of each of its entities; entities get hashes in the order given."""
    matrix = incidence(units, holders)
    seen = np.ones(units, np.bool_) if observed is None else observed
    hashes = np.arange(1, len(holders) + 1, dtype=np.int64) * 1_000_003
    return Layer(name, FAMILY_OF[name], hashes, matrix, seen)


def incidence(units: int, holders: Holders) -> sparse.csr_array:
    """(units × entities) matrix from the holders of each entity."""
    rows = np.concatenate([np.asarray(one, np.int64) for one in holders]) if len(holders) else np.zeros(0, np.int64)
    columns = np.repeat(np.arange(len(holders)), [len(one) for one in holders])
    return sparse.csr_array((np.ones(len(rows), np.bool_), (rows, columns)), shape=(units, len(holders)))


def population(
    units: int,
    holders: Mapping[str, Holders],
    *,
    regions: NDArray[np.int64] | None = None,
    clients: NDArray[np.int64] | None = None,
    observed: Mapping[str, NDArray[np.bool_]] | None = None,
    declared: NDArray[np.bool_] | None = None,
) -> Population:
    """A population from layer → holders of each entity; all active, one stratum unless told otherwise."""
    one = np.zeros(units, np.int64)
    by_kind = {"region": one if regions is None else regions, "client": one if clients is None else clients}
    named: dict[str, Any] = {
        field.name: strata for field in fields(Population) for kind, strata in by_kind.items() if kind in field.name
    }
    known: dict[str, Any] = {
        "units": units,
        "active": np.ones(units, np.bool_),
        "declared": np.zeros(units, np.bool_) if declared is None else declared,
        "exchanges": np.full(units, 10, np.int64),
        "languages": one,
        "cohorts": one,
        "layers": {name: layer(name, units, some, (observed or {}).get(name)) for name, some in holders.items()},
    }
    return Population(**known, **named)


def renumbered(found: Population, order: NDArray[np.int64]) -> Population:
    """The same population with unit `order[k]` called k: other names, nothing else."""
    known: dict[str, Any] = {field.name: getattr(found, field.name) for field in fields(Population)}
    moved = {name: value[order] for name, value in known.items() if isinstance(value, np.ndarray)}
    layers = {
        name: Layer(one.name, one.family, one.entities, one.held[order].tocsr(), one.observed[order])
        for name, one in found.layers.items()
    }
    return Population(**{**known, **moved, "layers": layers})


def shared_by(
    size: int, draw: np.random.Generator, units: Sequence[int] | NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """The units in random order, dealt out in entities of `size` holders."""
    mixed = draw.permutation(np.asarray(units, np.int64))
    return [mixed[start : start + size] for start in range(0, len(mixed) - size + 1, size)]


def counts(
    items: Sequence[int] | NDArray[np.int64],
    flagged: Sequence[float] | NDArray[np.float64],
    *,
    effective: NDArray[np.float64] | None = None,
    filled: NDArray[np.float64] | None = None,
) -> Counts:
    """Counts of operators with one technique; every prompt of its own wording unless told otherwise."""
    number = np.asarray(items, np.int64)
    rate = np.asarray(flagged, np.float64)
    size = number.astype(np.float64) if effective is None else effective
    return Counts(number, size, rate, rate[:, None], np.zeros(len(number)) if filled is None else filled)


def case(
    workspace: Workspace,
    members: Sequence[int],
    *,
    group: Counts | None = None,
    background: Counts | None = None,
    last_epoch: int = 100,
    register: tuple[dict[str, object], ...] = (),
    everyone: Population | None = None,
    side: str = "behaviour",
    usage: Usage | None = None,
) -> Case:
    """A case before a test; what is not given is empty."""
    none = counts([], [])
    found = everyone or population(max(members) + 1, {})
    return Case(
        Group(np.array(sorted(members), np.int64), side, "by hand"),
        found.testing(other_side(side)),
        found,
        workspace,
        last_epoch,
        0,
        ("any",),
        group or none,
        background or none,
        register,
        usage or NO_USAGE,
    )
