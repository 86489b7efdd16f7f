"""Groups of a population as a scan finds them: formed on one side, tested on the other, membership where H1 holds.

These are the functions of a scan in its order (`moments.link`, `prove.judge`). H2 and H4 are left out: a table of
entities says nothing about what accounts ask for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hydrometer import moments
from hydrometer.base.cases import Case, Counts, Finding
from hydrometer.base.families import other_side
from hydrometer.base.groups import Group
from hydrometer.base.population import Population
from hydrometer.base.units import decide
from hydrometer.base.workspace import Workspace
from hydrometer.prove.candidates import candidates
from hydrometer.prove.judge import NO_EVIDENCE, NO_USAGE, first_hypothesis
from hydrometer.prove.multiplicity import q_values
from hydrometer.prove.tests import urn_families

NO_COUNTS = Counts(np.zeros(0, np.int64), *(np.zeros(0) for _ in dataclasses.fields(Counts)[1:]))
"""H1 looks at no prompts."""


@dataclass(frozen=True, slots=True)
class Found:
    """One candidate, judged.

    Attributes:
        founders: shape (k,), accounts that formation put together.
        members: shape (m,), accounts that belong to it; the founders where one hand is not shown.
        sides: sides on which it was formed.
        log_e: ln e of H1; None where the test abstained.
        q_value: e-BH over all candidates.
    """

    founders: NDArray[np.int64]
    members: NDArray[np.int64]
    sides: tuple[str, ...]
    log_e: float | None
    q_value: float


def tested(population: Population, group: Group, others: NDArray[np.int64], workspace: Workspace, seed: int) -> Finding:
    """H1 of one group, others beside it, on the side that did not form it."""
    testing = population.testing(other_side(group.side))
    case = Case(group, testing, population, workspace, 0, seed, (), NO_COUNTS, NO_COUNTS, (), NO_USAGE, beside=others)
    return urn_families.judge(case)


def found(population: Population, smallest: int, workspace: Workspace, seed: int) -> list[Found]:
    """All candidates of a population, judged; strongest first.

    Args:
        population: all accounts.
        smallest: fewest accounts of a group.
        workspace: any; the test of H1 asks nothing of it.
        seed: the run's seed.
    """

    def h1(matched: tuple[Group, ...], near: Callable[[Group], NDArray[np.int64]]) -> list[Finding]:
        return [tested(population, group, near(group), workspace, seed) for group in matched]

    judged = first_hypothesis(population, candidates(moments.link(population, smallest)), h1, seed)
    sets, values, memberships = judged.sets, judged.operator, judged.memberships
    q = q_values(np.array([NO_EVIDENCE if value is None else value for value in values])) if sets else np.zeros(0)
    result = [
        Found(
            np.unique(np.concatenate([group.members for group in sets[number]])),
            memberships[number].units,
            tuple(group.side for group in sets[number]),
            values[number],
            float(q[number]),
        )
        for number in range(len(sets))
    ]
    return sorted(result, key=lambda one: (-decide(one.log_e or 0.0), -len(one.members), one.members.tolist()))


def labels(groups: Sequence[Found], accounts: int, *, members: bool) -> NDArray[np.int64]:
    """Group of each account, the strongest that holds it, and −1 where none does; shape (accounts,).

    Args:
        groups: strongest first.
        accounts: number of accounts.
        members: whether those who belong count, else the founders.
    """
    result = np.full(accounts, -1, np.int64)
    for number, group in enumerate(groups):
        units = group.members if members else group.founders
        result[units[result[units] < 0]] = number
    return result
