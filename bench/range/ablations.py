"""What each part of hydrometer is worth: the same fingerprints linked and judged again with one part switched off.

A layer is switched off by leaving its entities out of the population, so that it neither forms, nor weighs, nor tests,
nor marks members (what the tests of H2 read from the texts themselves stays). A gate is switched off by taking the
decisions again with its e-value left out; a group that H1 does not hold is then judged as it was, on its founders.
Rules are swapped by replacing one name of one module for the time of one judgement; the product knows nothing of it.
Source: detection table, section 6.1 (ablations); statistics cookbook, sections 1 to 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from bench.range.scanning import REGISTER
from numpy.typing import NDArray

from hydrometer import moments
from hydrometer.base.cases import NOBODY
from hydrometer.base.engines import HOUR_US
from hydrometer.base.families import FAMILIES, FORMED_ON
from hydrometer.base.groups import Group
from hydrometer.base.population import FormingHalf, Population
from hydrometer.base.settings import Settings
from hydrometer.base.workspace import Workspace
from hydrometer.collect.tables_beside import read_register
from hydrometer.link import formation
from hydrometer.moments import Known, population_at
from hydrometer.prove import hands, membership
from hydrometer.prove import judge as judging
from hydrometer.prove.hands import Hand
from hydrometer.prove.judge import NO_EVIDENCE, Judged
from hydrometer.prove.kinship import Cards
from hydrometer.prove.membership import TIED_NATS, Membership, founding
from hydrometer.prove.multiplicity import q_values
from hydrometer.prove.run import first_exchanges, unit_accounts
from hydrometer.prove.verdict import verdicts

FULL = "nothing off"
POPULAR = 400
"""Holders from which an entity counts nothing when rarity alone gives the weights (detection table, section 7)."""
Swap = tuple[ModuleType, str, Any]
Decision = Callable[[list[Judged]], list[Judged]]


def as_judged(judged: list[Judged]) -> list[Judged]:
    """The decisions as the product takes them."""
    return judged


@dataclass(frozen=True, slots=True)
class Ablation:
    """Hydrometer with one part switched off.

    Attributes:
        name: as it stands in the results.
        layers: layers left out of the population.
        sides: sides of the splits whose groups are not judged.
        swaps: (module, name, what stands there instead).
        decide: takes the decisions again.
    """

    name: str
    layers: frozenset[str] = frozenset()
    sides: frozenset[str] = frozenset()
    swaps: tuple[Swap, ...] = field(default=())
    decide: Decision = as_judged


def decided(log_e: Callable[[Judged], float | None]) -> Decision:
    """Decisions by e-BH on another e-value; None stands for no evidence."""

    def again(judged: list[Judged]) -> list[Judged]:
        values = [log_e(one) for one in judged]
        q = q_values(np.array([NO_EVIDENCE if value is None else value for value in values]))
        return [replace(one, q_value=float(value)) for one, value in zip(judged, q, strict=True)]

    return again


def each_alone(judged: list[Judged]) -> list[Judged]:
    """Decisions without any correction for the number of groups: q = 1/e."""
    return [replace(one, q_value=float(np.exp(-max(one.log_e, 0.0)))) for one in judged]


def unexplained(judged: list[Judged]) -> list[Judged]:
    """Decisions without innocent explanations."""
    return [replace(one, explanations=()) for one in judged]


def founders_alone(
    population: Population,
    founders: Sequence[NDArray[np.int64]],
    proven: Sequence[bool],
    kin: Mapping[int, int],
) -> list[Membership]:
    """Who belongs to each candidate where nobody joins and nobody leaves."""
    return [founding(units) for units in founders]


def tied_or_not(
    operator: Sequence[float | None], proven: Sequence[bool], memberships: Sequence[Membership]
) -> tuple[list[float | None], list[bool]]:
    """H1 as it is, whoever is tied by how many families."""
    return list(operator), list(proven)


def unparted(
    population: Population,
    cards: Cards | None,
    founders: Sequence[NDArray[np.int64]],
    proven: Sequence[bool],
    memberships: Sequence[Membership],
) -> list[Hand]:
    """No group is of several hands."""
    return []


def over_one_family(nats: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which units one family speaks for; it is enough."""
    return np.asarray((nats >= TIED_NATS).any(axis=1))


FOUNDERS_ALONE: tuple[Swap, ...] = (
    (hands, "belonging", founders_alone),
    (judging, "tied_over_two", tied_or_not),
    (judging, "parted", unparted),
)


def no_joining(population: Population, members: Sequence[NDArray[np.int64]]) -> list[list[int]]:
    """Fragments of one operator stay apart."""
    return [[number] for number in range(len(members))]


def by_rarity(half: FormingHalf) -> dict[str, NDArray[np.float64]]:
    """Weights of entities by their rarity alone, ln(units / holders), instead of what their holders share elsewhere."""
    active = int(half.population.active.sum())
    weights = {}
    for layer in (layer for layers in half.families.values() for layer in layers):
        holders = np.asarray(layer.held.astype(np.int64).sum(axis=0)).ravel()
        rarity = np.log(max(active, 1) / np.maximum(holders, 1))
        weights[layer.name] = np.where(holders <= POPULAR, np.maximum(rarity, 0.0), 0.0)
    return weights


def nobody_beside(sets: Sequence[tuple[Group, ...]], number: int, group: Group) -> NDArray[np.int64]:
    """Nobody: what a candidate shares with others is no evidence."""
    return NOBODY


def same_side(side: str) -> str:
    """The side that tests what `side` formed: itself, as if there were no split."""
    return side


def without_tests(role: str) -> Callable[[], dict[str, Any]]:
    """The tests that are not of one role."""
    found = judging.tests()
    return lambda: {name: test for name, test in found.items() if test.role != role}


def ablations() -> list[Ablation]:
    """All of them; the first one has nothing switched off."""
    single = [(f"layer {layer} off", (layer,)) for family in FAMILIES for layer in family.layers]
    whole = [(f"family {family.name} off", family.layers) for family in FAMILIES if len(family.layers) > 1]
    return [
        Ablation(FULL),
        *(Ablation(name, layers=frozenset(layers)) for name, layers in (*single, *whole)),
        *(Ablation(f"groups formed on {side} off", sides=frozenset({side})) for side in FORMED_ON),
        Ablation("H1 off", decide=decided(lambda one: one.extraction_log_e)),
        Ablation("H2 off", decide=decided(lambda one: one.operator_log_e)),
        Ablation("H2 exonerations off", swaps=((judging, "tests", without_tests("exoneration")),)),
        Ablation("H4 off", decide=unexplained),
        Ablation("e-BH off", decide=each_alone),
        Ablation("membership off", swaps=FOUNDERS_ALONE),
        Ablation("one family is enough for a member", swaps=((membership, "over_two_families", over_one_family),)),
        Ablation("cards across candidates off", swaps=((judging, "beside", nobody_beside),)),
        Ablation("parting of several hands off", swaps=((judging, "parted", unparted),)),
        Ablation("joining of fragments off", swaps=((hands, "fragments", no_joining),)),
        Ablation("split off: tested on what formed it", swaps=((judging, "other_side", same_side),)),
        Ablation("learned weights off: by rarity", swaps=((formation, "entity_weights", by_rarity),)),
    ]


@contextmanager
def swapped(swaps: Sequence[Swap]) -> Iterator[None]:
    """The modules with other things under the names given, and as they were afterwards.

    Raises:
        AttributeError: a module has no such name: the product has changed, and so must the ablation.
    """
    before = [(module, name, getattr(module, name)) for module, name, _ in swaps]
    try:
        for module, name, instead in swaps:
            setattr(module, name, instead)
        yield
    finally:
        for module, name, was in before:
            setattr(module, name, was)


@dataclass(frozen=True, slots=True)
class Bench:
    """What all ablations of one scan share: its workspace, what is known, the population at the end of the log."""

    workspace: Workspace
    known: Known
    population: Population
    last: int
    accounts: list[list[str]]
    first_us: NDArray[np.int64]


def laid_out(work: Path, seed: int) -> Bench:
    """The workspace that a scan left behind, ready to be linked and judged again.

    Args:
        work: that workspace's folder, with the register that was read beside its traffic, if there was one.
        seed: seed of the scan.
    """
    settings = Settings(seed=seed, threads=1)
    workspace = Workspace(work, settings.threads, settings.memory, settings.epoch_hours * HOUR_US)
    last = int(workspace.query("select max(sent_us) // {epoch_us} as epoch from {fingerprints}")["epoch"][0].as_py())
    population = population_at(workspace, last)
    beside = work / REGISTER
    register = tuple(use.model_dump() for use in read_register(beside if beside.exists() else None))
    accounts = unit_accounts(workspace, population.units)
    first_us = first_exchanges(workspace, population.units)
    return Bench(workspace, Known(settings, register), population, last, accounts, first_us)


def judged_again(bench: Bench, ablation: Ablation) -> list[Judged]:
    """Groups formed and judged with a part switched off; its `decide` is not yet applied."""
    kept = {name: layer for name, layer in bench.population.layers.items() if name not in ablation.layers}
    population = bench.population if not ablation.layers else replace(bench.population, layers=kept)
    with swapped(ablation.swaps):
        groups: list[Group] = moments.link(population, bench.known.settings.minimum_accounts)
        groups = [group for group in groups if group.side not in ablation.sides]
        return moments.judged_at(bench.workspace, bench.known, population, groups, bench.last)


def flagged_groups(bench: Bench, judged: list[Judged]) -> dict[str, str]:
    """Account → group, for the members of every group that would be listed."""
    names = [accounts[0] for accounts in bench.accounts]
    reported = verdicts(judged, bench.known.settings.q, names, bench.first_us)
    return {
        account: verdict.campaign_id
        for verdict in reported
        if verdict.level == "suspected"
        for unit in verdict.judged.membership.units.tolist()
        for account in bench.accounts[unit]
    }


def each_flagged(bench: Bench, wanted: Mapping[str, Ablation]) -> Iterator[tuple[str, dict[str, str]]]:
    """(name, account → group) of each ablation; what only decides otherwise is judged once for all."""
    full: list[Judged] | None = None
    for name, ablation in wanted.items():
        if ablation.layers or ablation.sides or ablation.swaps:
            judged = judged_again(bench, ablation)
        else:
            full = judged_again(bench, ablation) if full is None else full
            judged = full
        yield name, flagged_groups(bench, ablation.decide(judged))
