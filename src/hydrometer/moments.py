"""The log as it stood at the end of an epoch: who was there, which groups formed, and how they were judged then.

Composition of link and prove for one moment. The whole log is one moment, and every earlier one is looked at with what
was known by then and nothing else, so that `detectable_at` and leakage are true. Source: the contract, section 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from hydrometer.base import population as populations
from hydrometer.base.cases import NO_OPERATORS, OwnOperators
from hydrometer.base.families import FORMED_ON
from hydrometer.base.groups import Group
from hydrometer.base.population import Population
from hydrometer.base.settings import Settings
from hydrometer.base.workspace import Workspace
from hydrometer.fingerprint.lexicon import lexicon
from hydrometer.link.formation import form
from hydrometer.prove.judge import Judged, judge


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the traffic, and what is in force.

    Attributes:
        settings: what is in force.
        register: authorised uses.
        own: the provider's own benign operators, each with the moment from which it was known.
    """

    settings: Settings
    register: tuple[dict[str, Any], ...] = ()
    own: OwnOperators = NO_OPERATORS

    def at(self, moment_us: int) -> Known:
        """What was known at a moment."""
        return Known(self.settings, self.register, self.own.known_at(moment_us))


def population_at(workspace: Workspace, epoch: int) -> Population:
    """All units at the end of an epoch."""
    return populations.load(workspace, epoch)


def link(population: Population, smallest: int) -> list[Group]:
    """Candidate groups of all sides."""
    return [group for side in FORMED_ON for group in form(population.forming(side), smallest)]


def judged_at(
    workspace: Workspace, known: Known, population: Population, groups: list[Group], epoch: int,
    worth: float = -math.inf,
) -> list[Judged]:  # fmt: skip
    """Judge the candidates with what was known at the end of an epoch; `worth` as in `judge`."""
    return judge(
        workspace, population, groups, last_epoch=epoch, seed=known.settings.seed,
        techniques=tuple(lexicon().techniques), register=known.register, own=known.own, worth=worth,
        capabilities=tuple(lexicon().capabilities),
    )  # fmt: skip


def listed_at(workspace: Workspace, known: Known, epoch: int) -> list[frozenset[int]]:
    """Units of each group that was at least suspected at the end of an epoch, by what was known then.

    H2 is asked only of groups that could be listed: the answer is the same.
    """
    then = known.at((epoch + 1) * workspace.epoch_us)
    population = population_at(workspace, epoch)
    groups = link(population, known.settings.minimum_accounts)
    q = known.settings.q
    judged = judged_at(workspace, then, population, groups, epoch, worth=-math.log(q))
    return listed_of(judged, q)


def listed_of(judged: list[Judged], q: float) -> list[frozenset[int]]:
    """Units of each group that is at least suspected."""
    return [frozenset(group.membership.units.tolist()) for group in judged if group.listed(q)]
