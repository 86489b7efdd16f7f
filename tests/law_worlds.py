"""The worlds on which the laws of plug-ins are tested: small, seeded, read by the same stages as a scan's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy import sparse

from hydrometer import pipeline
from hydrometer.base import population as populations
from hydrometer.base.cases import Case
from hydrometer.base.draws import generator
from hydrometer.base.engines import opened
from hydrometer.base.families import FAMILY, FORMED_ON, other_side
from hydrometer.base.groups import Group
from hydrometer.base.population import FormingHalf, Layer, Population
from hydrometer.base.progress import SilentProgress
from hydrometer.base.settings import Settings
from hydrometer.base.tables import INPUTS, conform
from hydrometer.base.workspace import Workspace
from hydrometer.collect.options import CollectOptions
from hydrometer.collect.run import collect
from hydrometer.fingerprint.lexicon import lexicon
from hydrometer.prove.counts import group_counts, unit_counts
from hydrometer.prove.judge import usages

REQUIRED = [field.name for field in INPUTS["exchanges"] if not field.nullable]
EMBEDDED = Settings(threads=2)
CAMPAIGNS = ("load_balanced_pool",)
OPERATOR_SIZE, OPERATOR_ENTITIES = 40, 3


@dataclass(frozen=True, slots=True)
class ReadWorld:
    """A world after the stages that come before linking."""

    workspace: Workspace
    population: Population
    register: tuple[dict[str, Any], ...]
    last_epoch: int
    units_by_archetype: Mapping[str, NDArray[np.int64]]


def read_world(world: Path, inputs: Path, folder: Path, settings: Settings = EMBEDDED) -> ReadWorld:
    """Collect and fingerprint `inputs` into `folder` on an engine; `world` holds the truth that names its units."""
    workspace = opened(folder, settings)
    collected = collect([str(inputs)], CollectOptions(), workspace, lambda *_: None)
    pipeline.read(pipeline.Run(workspace, settings, SilentProgress()))
    last = workspace.query("select max(sent_us) // {epoch_us} as e from {fingerprints}")["e"][0].as_py()
    population = populations.load(workspace, last)
    truth = pq.read_table(world / "truth" / "accounts.parquet")
    rows = workspace.query(
        """select archetype, list(distinct unit order by unit) as units
           from {units} join truth using (account_id) group by 1""",
        truth=truth,
    ).to_pylist()
    units = {row["archetype"]: np.array(row["units"], np.int64) for row in rows}
    register = tuple(use.model_dump() for use in collected.register)
    return ReadWorld(workspace, population, register, int(last), units)


def bare(exchanges: pa.Table) -> pa.Table:
    """The exchanges with ids and times alone."""
    return conform(exchanges.select(REQUIRED), INPUTS["exchanges"])


def cases(world: ReadWorld) -> dict[str, Case]:
    """One case per archetype, formed on one side or another (the pool: on each), judged against all other units."""
    techniques = tuple(lexicon().techniques)
    everyone = unit_counts(world.workspace, world.population.units, world.last_epoch, len(techniques))
    made = {}
    for number, (archetype, units) in enumerate(sorted(world.units_by_archetype.items())):
        outside = world.population.active.copy()
        outside[units] = False
        pooled = group_counts(world.workspace, [units], world.last_epoch, len(techniques))
        for side in FORMED_ON if archetype in CAMPAIGNS else [FORMED_ON[number % len(FORMED_ON)]]:
            made[f"{archetype} {side}"] = Case(
                group=Group(units, side, "an archetype"),
                testing=world.population.testing(other_side(side)),
                population=world.population,
                workspace=world.workspace,
                last_epoch=world.last_epoch,
                seed=0,
                techniques=techniques,
                counts=pooled,
                background=everyone.of(outside),
                register=world.register,
                usage=usages(world.workspace, [units], world.last_epoch)[0],
            )
    return made


def with_an_operator(half: FormingHalf) -> tuple[FormingHalf, NDArray[np.int64]]:
    """The half with a planted operator: units that share a few entities of their own in every family.

    What they say and with which client is the operator's alone; cards and addresses they had before stay with them.
    """
    draw = generator(0, "planted operator")
    free = np.flatnonzero(half.population.active & ~half.population.declared)
    members = np.sort(draw.choice(free, OPERATOR_SIZE, replace=False))

    def planted(layer: Layer) -> Layer:
        holds = np.zeros((half.population.units, OPERATOR_ENTITIES), np.bool_)
        for _ in range(2):
            holds[members, draw.integers(0, OPERATOR_ENTITIES, OPERATOR_SIZE)] = True
        natural = layer.held
        if FAMILY[layer.family].behavioural:
            natural = natural.multiply(~np.isin(np.arange(half.population.units), members)[:, None]).tocsr()
        held = sparse.hstack([natural, sparse.csr_array(holds)], format="csr").astype(np.bool_)
        last = int(layer.entities[-1]) if len(layer.entities) else 0
        names = np.concatenate([layer.entities, last + 1 + np.arange(OPERATOR_ENTITIES)])
        return replace(layer, entities=names, held=held, observed=layer.observed | holds.any(axis=1))

    families = {name: tuple(map(planted, layers)) for name, layers in half.families.items()}
    return replace(half, families=families), members


def some_accounts(exchanges: pa.Table, accounts: int) -> pa.Table:
    """All exchanges of the first few accounts, in the order of the log."""
    names = sorted(set(exchanges["account_id"].to_pylist()))[:accounts]
    return exchanges.filter(pc.is_in(exchanges["account_id"], pa.array(names)))
