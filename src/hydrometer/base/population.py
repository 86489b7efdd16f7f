"""The population at one moment: units, their strata, and who holds which entity, split into two halves by type.

Formation sees one half, the test sees the other; they are different types, so that code which forms groups cannot read
the families that test them. Source: `statistics.md` section 2 (split by families) and section 14 (two objects).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.base.cohorts import cohort_levels, rushes
from hydrometer.base.families import (
    FAMILIES,
    FAMILY_OF,
    LEARNING_STRATUM,
    TESTING_STRATUM,
    UNKNOWN,
    Family,
    families_of,
)
from hydrometer.base.workspace import Workspace

TEXT_SHARE = 0.02
USED_SHARE = 0.05
"""A behavioural entity counts for a unit when at least this share of its exchanges show it; a wording, a fiftieth: a
work list of many templates fills in each of them seldom."""
SPOKEN = ("network", "mail")
"""Families of infrastructure that people of one language share within a country."""
LAST_OF_ALL = 2**62
"""An epoch after every other."""
ADDRESSES_MAX = 64
"""Addresses counted for one unit and layer, the most used first: an account with thousands must not link the world."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Who holds the entities of one layer.

    Attributes:
        name: the layer.
        family: its family.
        entities: shape (e,), the entities' hashes, ascending.
        held: (units × e) boolean matrix in CSR form.
        observed: shape (units,), whether the unit shows any value of this layer, shared or not.
    """

    name: str
    family: str
    entities: NDArray[np.int64]
    held: sparse.csr_array
    observed: NDArray[np.bool_]

    def of(self, units: NDArray[np.int64]) -> Layer:
        """What some units hold of it, numbered from 0 in their order; entities that two of them hold or more."""
        held = self.held[units]
        shared = np.bincount(held.indices, minlength=len(self.entities)) >= 2
        return Layer(self.name, self.family, self.entities[shared], held[:, shared].tocsr(), self.observed[units])


@dataclass(frozen=True, slots=True)
class Population:
    """All units up to one moment.

    Attributes:
        units: number of units.
        active: shape (units,), whether the unit had sent anything by then.
        declared: shape (units,), whether a verified owner stands behind the unit.
        exchanges: shape (units,), exchanges sent by then.
        regions: shape (units,), stratum by country × plan, coarse enough to learn weights in.
        clients: shape (units,), the same by client type × plan.
        fine_regions: shape (units,), stratum by country × language × plan, as fine as the urn can use.
        languages: shape (units,), stratum by language.
        cohorts: shape (units,), stratum by month and week of sign-up, and by rush (`base/cohorts.py`).
        layers: all layers by name.
    """

    units: int
    active: NDArray[np.bool_]
    declared: NDArray[np.bool_]
    exchanges: NDArray[np.int64]
    regions: NDArray[np.int64]
    clients: NDArray[np.int64]
    fine_regions: NDArray[np.int64]
    languages: NDArray[np.int64]
    cohorts: NDArray[np.int64]
    layers: dict[str, Layer]

    def strata(self, family: Family) -> NDArray[np.int64]:
        """Strata in which the weights of one family are learned."""
        return self.clients if family.behavioural else self.regions

    def testing_strata(self, family: Family) -> tuple[NDArray[np.int64], ...]:
        """Stratifications in which a group is tested on one family; it must stand in each of them.

        Wordings are shared by users of one client and by people of one language; neither stratum can be as fine as both
        together without holding the group alone, so that a group is tested in each and the smaller e-value counts.
        Carriers and mail providers go with the language within a country; cards do not, and strata finer than need be
        hold a large group alone and take its evidence away. Days of sign-up are compared within the week, and those of
        a rush within it: people who came for one release sign up on its days, whoever they are.
        """
        if family.name == "text":
            return self.clients, self.languages
        if family.behavioural:
            return (self.clients,)
        if family.name == "signup":
            return (self.cohorts,)
        return (self.fine_regions,) if family.name in SPOKEN else (self.regions,)

    def likeness_strata(self, family: Family) -> NDArray[np.int64]:
        """Strata whose strangers a unit is compared with when it is asked how much it is like a group.

        Wordings go with the language, whatever the client: else everybody who speaks a group's language is like it.
        """
        return self.languages if family.name == "text" else self.strata(family)

    def of(self, units: NDArray[np.int64]) -> Population:
        """The population of some units alone, numbered from 0 in their order; strata keep their numbers.

        Args:
            units: shape (k,).
        """
        layers = {name: layer.of(units) for name, layer in self.layers.items()}
        sliced = {
            field.name: getattr(self, field.name)[units]
            for field in fields(self)
            if field.name not in ("units", "layers")
        }
        return Population(units=len(units), layers=layers, **sliced)

    def forming(self, side: str) -> FormingHalf:
        """The side of a split on which groups are formed."""
        return FormingHalf(self, side, self._layers_of(side))

    def testing(self, side: str) -> TestingHalf:
        """The side on which groups formed on the other one are tested."""
        return TestingHalf(self, side, self._layers_of(side))

    def _layers_of(self, side: str) -> dict[str, tuple[Layer, ...]]:
        chosen = {
            family.name: tuple(self.layers[name] for name in family.layers if name in self.layers)
            for family in families_of(side)
        }
        return {name: layers for name, layers in chosen.items() if any(layer.held.nnz for layer in layers)}


@dataclass(frozen=True, slots=True)
class FormingHalf:
    """Families on which groups may be formed."""

    population: Population
    side: str
    families: dict[str, tuple[Layer, ...]]


@dataclass(frozen=True, slots=True)
class TestingHalf:
    """Families on which groups formed elsewhere are tested."""

    __test__ = False

    population: Population
    side: str
    families: dict[str, tuple[Layer, ...]]


def pooled_strata(levels: Sequence[Sequence[str]], active: NDArray[np.bool_], smallest: int) -> NDArray[np.int64]:
    """Strata numbers: for each unit the finest level whose stratum holds enough units, else one stratum of the rest.

    Args:
        levels: names of the units' strata, coarse to fine, each of shape (units,).
        active: shape (units,), units that count.
        smallest: fewest active units of a stratum.

    >>> pooled_strata([["x", "x", "x"], ["a", "a", "b"]], np.array([True, True, True]), 2).tolist()
    [0, 0, 1]
    """
    chosen = np.array(["rest"] * len(active), dtype=object)
    for level in levels:
        names = np.array(level, dtype=object)
        kinds, inverse = np.unique(names, return_inverse=True)
        live = np.bincount(inverse[active], minlength=len(kinds))
        enough = live[inverse] >= smallest
        chosen[enough] = names[enough]
    _, numbers = np.unique(chosen.astype(str), return_inverse=True)
    return numbers.astype(np.int64)


def refined(first: Sequence[str], *further: Sequence[str]) -> list[list[str]]:
    """Names at ever finer levels.

    >>> refined(["DE", "US"], ["de", "en"])
    [['DE', 'US'], ['DE de', 'US en']]
    """
    levels = [list(first)]
    for names in further:
        levels.append([f"{above} {name}" for above, name in zip(levels[-1], names, strict=True)])
    return levels


PLACE = """
with p as (select unit, {column} as value, sum(exchanges) as n from {places} where epoch <= $last group by 1, 2)
select unit, arg_max(value, (n, value)) as value, sum(n)::bigint as exchanges from p group by 1 order by 1
"""
PLANS = """
select u.unit, min(coalesce(a.plan, '?')) as plan, bool_or(u.declared) as declared,
       coalesce(strftime(min(a.created_at), '%Y-%m'), '?') as month,
       coalesce(strftime(min(a.created_at), '%G-%V'), '?') as week,
       coalesce(epoch_us(min(a.created_at)) // 86400000000, -1)::bigint as day
from {units} u left join {accounts} a using (account_id) group by 1 order by 1
"""
HELD = """
with h as (
  select unit, entity, sum(exchanges) as n from {entities} where layer = $layer and epoch <= $last group by 1, 2
), shared as (select entity from h group by 1 having count(*) >= 2)
select unit, entity, n from h semi join shared using (entity) join sent using (unit) where n >= total * $share
"""
"""Asked layer by layer: they lie one after the other, and what is held of one at a time takes a part of the memory."""


def load(workspace: Workspace, last_epoch: int) -> Population:
    """The population as it stood at the end of an epoch.

    Args:
        workspace: holds `entities`, `shown`, `places`, `units` and `accounts`.
        last_epoch: number of the last epoch that counts.
    """
    values: dict[str, object] = {"last": last_epoch}
    known = observed(workspace, last_epoch)
    plans = workspace.query(PLANS)
    units = len(plans)
    places = {
        column: _by_unit(workspace.query(PLACE.replace("{column}", column), values), units)
        for column in ("country", "client_type", "language")
    }
    exchanges = places["country"][1]
    active = exchanges > 0
    plan = [str(value) for value in plans["plan"].to_pylist()]
    country, client, language = (places[column][0] for column in ("country", "client_type", "language"))
    month, week = (np.asarray(plans[column]).astype(str).tolist() for column in ("month", "week"))
    regions, clients, fine_regions, languages, cohorts = (
        pooled_strata(refined(country, plan), active, LEARNING_STRATUM),
        pooled_strata(refined(client, plan), active, LEARNING_STRATUM),
        pooled_strata(refined(country, language, plan), active, TESTING_STRATUM),
        pooled_strata(refined(language), active, TESTING_STRATUM),
        pooled_strata(cohort_levels(month, week, rushes(plans["day"].to_numpy(), active)), active, TESTING_STRATUM),
    )
    layers, sent = {}, pa.table({"unit": np.arange(units), "total": exchanges})
    for family in FAMILIES:
        least = least_share(family)
        for name in (one for one in family.layers if one in known):
            held = workspace.query(HELD, values | {"layer": name, "share": least}, sent=sent)
            layers[name] = _layer(name, held, units, known[name] & active)
    return Population(
        units,
        active,
        np.asarray(plans["declared"]),
        exchanges,
        regions,
        clients,
        fine_regions,
        languages,
        cohorts,
        layers,
    )


def _by_unit(table: pa.Table, units: int) -> tuple[list[str], NDArray[np.int64]]:
    """A (unit, value, exchanges) table as dense columns; units without a row have "?" and 0."""
    values, exchanges = [UNKNOWN] * units, np.zeros(units, np.int64)
    numbers = table["unit"].to_numpy()
    for unit, value in zip(numbers.tolist(), table["value"].to_pylist(), strict=True):
        values[unit] = str(value)
    exchanges[numbers] = table["exchanges"].to_numpy()
    return values, exchanges


def least_share(family: Family) -> float:
    """Share of a unit's exchanges from which an entity of a family counts for it; 0 = however rare it is."""
    if not family.behavioural or family.name == "signature":
        return 0.0
    return TEXT_SHARE if family.name == "text" else USED_SHARE


def _layer(name: str, rows: pa.Table, units: int, observed: NDArray[np.bool_]) -> Layer:
    """One layer's incidence, with at most `ADDRESSES_MAX` entities a unit where rare ones count."""
    unit, entity = rows["unit"].to_numpy(), rows["entity"].to_numpy()
    family = next(family for family in FAMILIES if family.name == FAMILY_OF[name])
    if not least_share(family) and len(unit) and int(np.bincount(unit).max()) > ADDRESSES_MAX:
        order = np.lexsort((entity, -rows["n"].to_numpy().astype(np.int64), unit))
        rank = np.arange(len(order)) - np.searchsorted(unit[order], unit[order])
        unit, entity = unit[order][rank < ADDRESSES_MAX], entity[order][rank < ADDRESSES_MAX]
    entities, column = np.unique(entity, return_inverse=True)
    matrix = sparse.csr_array((np.ones(len(unit), np.bool_), (unit, column)), shape=(units, len(entities)))
    degree = np.asarray(matrix.astype(np.int64).sum(axis=0)).ravel()
    shared = degree >= 2
    return Layer(name, FAMILY_OF[name], entities[shared], matrix[:, shared].tocsr(), observed)


OBSERVED_REGISTER = """
select u.unit, bool_or(a.payment_fingerprint is not null) as payment_fingerprint,
       bool_or(a.signup_ip is not null) as signup_ip, bool_or(a.email_domain is not null) as mail_shape,
       bool_or(a.created_at is not null) as signup_day
from {units} u left join {accounts} a using (account_id) group by 1 order by 1
"""


def observed(workspace: Workspace, last_epoch: int) -> dict[str, NDArray[np.bool_]]:
    """For each layer, which units show any value of it, shared or not (a missing value is neither hit nor miss).

    Args:
        workspace: holds `shown`, `units`, `accounts`.
        last_epoch: last epoch that counts.
    """
    found = workspace.query("select * exclude (unit) from {shown} order by unit")
    traffic = {name: pc.fill_null(pc.less_equal(column, last_epoch), False) for name, column in columns_of(found)}
    register = workspace.query(OBSERVED_REGISTER)
    both = traffic | {name: column for name, column in columns_of(register) if name != "unit"}
    return {name: np.asarray(column).astype(np.bool_) for name, column in both.items()}


def columns_of(table: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """Name and values of each column."""
    return zip(table.column_names, table.columns, strict=True)
