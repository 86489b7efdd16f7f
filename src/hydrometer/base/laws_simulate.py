"""The laws of the range: worlds are seeded, hold innocent people too, and do not give the answers away.

A world that leaks its truth, or that has no look-alikes, proves nothing about a detector. That no single field
separates is a law as well; it needs a whole world and stands with the tests of the range (`simulate/leakage.py`).
Source: the architecture, section 6; the contract, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.base.draws import generator
from hydrometer.base.errors import InputError
from hydrometer.base.laws import shown
from hydrometer.base.tables import INPUTS, TRUTH

BENIGN_KINDS_MIN = 5
"""Archetypes that every world must hold."""
BENIGN_SHARE_MIN = 0.5
"""Share of a world's accounts that must be benign."""
TRAFFIC = ("exchanges", "accounts", "releases", "enforcement")


class CohortLike(Protocol):
    """Accounts of one plug-in: traits, and what they write about."""

    @property
    def accounts(self) -> Mapping[str, np.ndarray[Any, Any]]: ...
    @property
    def weights(self) -> np.ndarray[Any, Any]: ...
    @property
    def kinds(self) -> tuple[str, ...]: ...


class Settler(Protocol):
    """An archetype or a campaign."""

    @property
    def name(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def settle(self) -> Callable[[int, np.random.Generator], Any]: ...


class PlacementLike(Protocol):
    """How many accounts of a plug-in live in a world."""

    @property
    def plugin(self) -> str: ...
    @property
    def accounts(self) -> int: ...


class WorldLike(Protocol):
    """A world: who lives in it."""

    @property
    def name(self) -> str: ...
    @property
    def benign(self) -> Sequence[PlacementLike]: ...
    @property
    def campaigns(self) -> Sequence[PlacementLike]: ...


def seeded(plugin: Settler, size: int) -> list[str]:
    """One seed settles the same accounts twice; another seed settles others; there are as many as were asked for."""

    def settled(seed: int) -> CohortLike:
        cohort: CohortLike = plugin.settle(size, generator(seed, "law of seeds", plugin.name.encode()))
        return cohort

    first, again, other = settled(1), settled(1), settled(2)
    told = [f"{name} differs between two runs of one seed" for name in first.accounts if _differ(first, again, name)]
    if not np.array_equal(first.weights, again.weights):
        told.append("weights differ between two runs of one seed")
    if not any(_differ(first, other, name) for name in first.accounts):
        told.append("another seed settles the very same accounts")
    if len(first.weights) != size or any(len(values) != size for values in first.accounts.values()):
        told.append(f"asked for {size} accounts it settles {len(first.weights)}")
    return told


def has_no_traits_of_its_own(
    plugin: Settler, size: int, traits: Sequence[str], optional: Sequence[str] = ()
) -> list[str]:
    """Its accounts have the traits that all accounts have: one of its own would mark them.

    Args:
        plugin: an archetype or a campaign.
        size: accounts to settle.
        traits: what every account must have.
        optional: what it may have; all other accounts are given it with a value that means nothing.
    """
    cohort: CohortLike = plugin.settle(size, generator(1, "law of traits", plugin.name.encode()))
    own = sorted(set(cohort.accounts) - set(traits) - set(optional))
    lacking = sorted(set(traits) - set(cohort.accounts))
    told = [f"trait {name} is its own" for name in own] + [f"trait {name} is missing" for name in lacking]
    if (
        cohort.weights.shape != (size, len(cohort.kinds))
        or (cohort.weights < 0).any()
        or not (cohort.weights.sum(axis=1) > 0).all()
    ):
        told.append("weights are not one row an account and one column a kind, none negative, none all zero")
    return told


def benign_people_are_present(world: WorldLike, archetypes: Sequence[str], campaigns: Sequence[str]) -> list[str]:
    """Benign archetypes live in every world, many kinds of them, and more accounts than the campaigns have."""
    benign, hostile = [one.plugin for one in world.benign], [one.plugin for one in world.campaigns]
    told = [f"benign cohort {name} is no archetype" for name in benign if name not in archetypes]
    told += [f"campaign {name} is no campaign" for name in hostile if name not in campaigns]
    if len(set(benign)) < BENIGN_KINDS_MIN:
        told.append(f"{len(set(benign))} benign archetypes, at least {BENIGN_KINDS_MIN} must be there")
    people = sum(one.accounts for one in world.benign)
    total = people + sum(one.accounts for one in world.campaigns)
    if people < BENIGN_SHARE_MIN * total:
        told.append(f"{people} of {total} accounts are benign")
    return told


def truth_is_unreachable(world: Path, scan: Callable[[Path], object]) -> list[str]:
    """No column and no value of the traffic says what is true, and `scan` refuses to read the truth.

    Args:
        world: folder with `traffic/` and `truth/`.
        scan: reads an input; must raise InputError for truth.
    """
    told: list[str] = []
    secrets = _secrets(world / "truth")
    for name in TRAFFIC:
        file = world / "traffic" / f"{name}.parquet"
        if not file.exists():
            continue
        table = pq.read_table(file)
        told += [
            f"traffic/{name}: column {column} is not in the contract"
            for column in table.column_names
            if column not in INPUTS[name].names
        ]
        for column in table.column_names:
            if table.schema.field(column).type == pa.string():
                leaked = secrets & set(table[column].to_pylist())
                told += [f"traffic/{name}: {column} holds {shown(value)} of the truth" for value in sorted(leaked)]
    for folder in (world, world / "truth", *sorted((world / "truth").iterdir())):
        try:
            scan(folder)
        except InputError as refusal:
            if "truth" not in str(refusal):
                told.append(f"scan refuses {folder.name} for another reason: {shown(refusal.found)}")
        else:
            told.append(f"scan reads {folder.name}")
    return told


def _secrets(truth: Path) -> set[str]:
    """Words of the truth that no traffic may hold: archetypes, operators, campaigns, presets, roles."""
    found: set[str] = set()
    for name in TRUTH:
        table = pq.read_table(truth / f"{name}.parquet")
        for column in ("archetype", "operator_id", "campaign_id", "preset", "role", "actor"):
            if column in table.column_names:
                found |= {str(value) for value in table[column].to_pylist() if value is not None}
    return found


def _differ(left: CohortLike, right: CohortLike, trait: str) -> bool:
    one, two = np.asarray(left.accounts[trait]), np.asarray(right.accounts[trait])
    return one.dtype != two.dtype or not np.array_equal(one, two, equal_nan=one.dtype.kind == "f")
