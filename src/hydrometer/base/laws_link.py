"""The laws of linking: who is with whom does not depend on names, on what is missing, or on what everybody shares.

A detector of groups goes wrong by taking the popular for the telling and the unknown for the equal; the laws plant
both.
Source: the architecture, section 6; `statistics.md` section 1 (entity weights).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.base.draws import generator
from hydrometer.base.families import FAMILY_OF, Family
from hydrometer.base.groups import Group
from hydrometer.base.population import FormingHalf, Layer, Population

Weights = Mapping[str, NDArray[np.float64]]
Weigh = Callable[[FormingHalf], Weights]
Form = Callable[[FormingHalf], Sequence[Group]]

DECOY_NATS = math.log(2.0)
"""Most that a natural decoy may weigh, at the 95 % quantile."""
DECOY_QUANTILE = 0.95
POPULAR_SHARE = 0.05
"""An entity that this share of the units holds is popular: a carrier's address, an editor's prompt."""
DECOYS = 20
DECOY_SHARE = 0.2
"""Planted decoys: this many entities, each held by this share of the units, dealt at random."""
WEIGHT_DIGITS = 9


def names_are_irrelevant(family: Family, weigh: Weigh, form: Form, half: FormingHalf) -> list[str]:
    """Symmetric: units numbered in another order have the same weights and are put into the same groups."""
    order = generator(0, "law of unit names", family.name.encode()).permutation(half.population.units)
    place = np.argsort(order)
    renamed = _reordered(half, order)
    told = _weight_differences("units renumbered", family, weigh(renamed), weigh(half))
    groups = {frozenset(place[group.members].tolist()) for group in form(half)}
    found = {frozenset(group.members.tolist()) for group in form(renamed)}
    if groups != found:
        told.append(f"units renumbered: {len(found - groups)} groups are new and {len(groups - found)} are gone")
    return told


def same_input_same_groups(form: Form, half: FormingHalf) -> list[str]:
    """Formed twice in one process, the same units come into the same groups in the same order."""
    first, again = ([(group.origin, *group.members.tolist()) for group in form(half)] for _ in range(2))
    return (
        [] if first == again else [f"{len(set(again) - set(first))} of {len(again)} groups are others the second time"]
    )


def missing_is_not_agreement(family: Family, weigh: Weigh, form: Form, half: FormingHalf) -> list[str]:
    """Units that do not show a family are as if the family were not there: nothing is gained by not knowing."""
    blank = _replaced(half, family, _blank)
    without = replace(half, families={name: own for name, own in half.families.items() if name != family.name})
    told = [
        f"nobody shows {family.name}, and still an entity of {name} weighs {float(values.max()):.2f} nats"
        for name, values in weigh(blank).items()
        if FAMILY_OF[name] == family.name and len(values) and values.max() > 0.0
    ]
    others = {name: values for name, values in weigh(blank).items() if FAMILY_OF[name] != family.name}
    bare = weigh(without)
    told += [
        f"nobody shows {family.name}, and the weights of {name} are not those without that family"
        for name, values in others.items()
        if len(without.families) > 1
        and not np.array_equal(np.round(values, WEIGHT_DIGITS), np.round(bare[name], WEIGHT_DIGITS))
    ]
    more = len(form(blank)) - len(form(without))
    return told + ([f"{more} groups more where nobody shows {family.name}"] if more > 0 else [])


def popular_entities_do_not_link(family: Family, weigh: Weigh, half: FormingHalf) -> list[str]:
    """What many units share weighs next to nothing: the popular entities that are there, and planted ones."""
    active = int(half.population.active.sum())
    told = _heavy("popular", family, weigh(half), half, max(2.0, POPULAR_SHARE * active))
    planted = _replaced(half, family, lambda layer: _with_decoys(layer, half.population))
    return told + _heavy("planted", family, weigh(planted), planted, DECOY_SHARE * active / 2.0)


def an_operator_is_kept_whole(form: Form, half: FormingHalf, members: NDArray[np.int64], least: float) -> list[str]:
    """Blocking loses no true pair: units of one hand over several families come into one group.

    Args:
        form: forms groups.
        half: families, the operator's traces among them.
        members: shape (k,), its units.
        least: smallest share of its pairs that must be in one group.
    """
    own = set(members.tolist())
    pairs = len(own) * (len(own) - 1)
    inside = [len(own & set(group.members.tolist())) for group in form(half)]
    kept = sum(count * (count - 1) for count in inside) / pairs
    return [] if kept >= least else [f"{kept:.1%} of the pairs of one hand stay together, at least {least:.0%} must"]


def _heavy(what: str, family: Family, weights: Weights, half: FormingHalf, holders: float) -> list[str]:
    """Violations of layers whose entities of at least `holders` units are heavy."""
    told = []
    for layer in half.families.get(family.name, ()):
        degree = np.asarray(layer.held.astype(np.int64).sum(axis=0)).ravel()
        chosen = weights[layer.name][degree >= holders]
        weight = float(np.quantile(chosen, DECOY_QUANTILE)) if len(chosen) else 0.0
        if weight > DECOY_NATS:
            told.append(
                f"{len(chosen)} {what} entities of {layer.name} weigh {weight:.2f} nats "
                f"at the {DECOY_QUANTILE:.0%} quantile, at most {DECOY_NATS:.2f}"
            )
    return told


def _weight_differences(what: str, family: Family, found: Weights, expected: Weights) -> list[str]:
    return [
        f"{what}: weights of {name} differ"
        for name, values in expected.items()
        if FAMILY_OF[name] == family.name
        and not np.array_equal(np.round(values, WEIGHT_DIGITS), np.round(found[name], WEIGHT_DIGITS))
    ]


def _replaced(half: FormingHalf, family: Family, change: Callable[[Layer], Layer]) -> FormingHalf:
    """The half with the layers of one family changed."""
    families = {
        name: tuple(change(layer) for layer in layers) if name == family.name else layers
        for name, layers in half.families.items()
    }
    return replace(half, families=families)


def _blank(layer: Layer) -> Layer:
    """The layer when no unit shows it."""
    nothing = sparse.csr_array(layer.held.shape, dtype=np.bool_)
    return replace(layer, held=nothing, observed=np.zeros_like(layer.observed))


def _with_decoys(layer: Layer, population: Population) -> Layer:
    """The layer with entities that units hold at random."""
    draw = generator(0, "law of popular entities", layer.name.encode())
    holds = (draw.random((population.units, DECOYS)) < DECOY_SHARE) & population.active[:, None]
    held = sparse.hstack([layer.held, sparse.csr_array(holds)], format="csr").astype(np.bool_)
    last = int(layer.entities[-1]) if len(layer.entities) else 0
    names = np.concatenate([layer.entities, np.minimum(last, np.iinfo(np.int64).max - DECOYS) + 1 + np.arange(DECOYS)])
    return replace(layer, entities=names, held=held, observed=layer.observed | holds.any(axis=1))


def _reordered(half: FormingHalf, order: NDArray[np.int64]) -> FormingHalf:
    """The half with its units in another order: row i is what row `order[i]` was."""

    def moved(layer: Layer) -> Layer:
        return replace(layer, held=layer.held[order].tocsr(), observed=layer.observed[order])

    old = half.population
    by_unit: dict[str, Any] = {
        field.name: value[order] for field in fields(old) if isinstance(value := getattr(old, field.name), np.ndarray)
    }
    population = replace(old, **by_unit, layers={name: moved(layer) for name, layer in old.layers.items()})
    families = {name: tuple(map(moved, layers)) for name, layers in half.families.items()}
    return replace(half, population=population, families=families)
