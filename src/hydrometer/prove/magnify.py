"""Listed groups, magnified: members whom two families speak for once habits are one of them.

A group that passed both gates is looked at again, by all families and by how its accounts work (`habits.py`), until
nobody joins or leaves. Who shares wordings alone and works as its sure members do is a member; who shares over two
families and works like a stranger is none. Neither is anybody for whom wordings speak while all else together speaks
against: wordings mostly formed the group, and whoever copied them has them. Nothing is asked of a group that is not
listed, and neither hypothesis is asked again.
Source: `statistics.md` section 3.4 (only groups that passed both gates are magnified).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.families import FAMILIES
from hydrometer.base.likeness import FamilyColumns, likeness
from hydrometer.base.population import Population
from hydrometer.base.units import DECISION_DIGITS
from hydrometer.base.workspace import Workspace
from hydrometer.prove.habits import HABITS, Habits, habit_nats, habits
from hydrometer.prove.judge import Judged
from hydrometer.prove.membership import (
    STRANGER_PROBABILITY,
    Membership,
    by_family,
    columns,
    membership_probability,
    over_two_families,
)

ROUNDS = 6
"""Of magnifying one group, at most."""
FOUNDED_NATS = 2.0
"""Log odds that speak for whoever founded a group that passed both gates: of founders at even odds without them, over
two families, 98 of 100 were the campaign's on development worlds."""
COLUMN = next(number for number, family in enumerate(FAMILIES) if family.name == HABITS)
WORDINGS = next(number for number, family in enumerate(FAMILIES) if family.name == "text")
"""Columns of habits and of wordings among the families."""


def magnified(
    workspace: Workspace, population: Population, judged: Sequence[Judged], q: float, last_epoch: int
) -> list[Judged]:
    """The judged groups, those that are listed with the members that habits add and without those they take away.

    Args:
        workspace: tables up to `last_epoch` may be asked.
        population: all units.
        judged: all groups.
        q: false-discovery level.
        last_epoch: last epoch that counts.
    """
    listed = {id(group.membership): group.membership for group in judged if group.listed(q)}
    if not listed:
        return list(judged)
    founders = {
        key: np.unique(np.concatenate([one.founders for one in judged if id(one.membership) == key])) for key in listed
    }
    strangers = population.active.copy()
    for key, membership in listed.items():
        strangers[founders[key]] = strangers[membership.likely] = strangers[membership.units] = False
    families, how = columns(population), habits(workspace, population, last_epoch)
    taken = np.zeros(population.units, np.bool_)
    for membership in listed.values():
        taken[membership.units] = True
    larger = dict[int, Membership]()
    for key, membership in listed.items():
        elsewhere = taken.copy()
        elsewhere[membership.units] = False
        others = {name: replace(family, observed=family.observed & ~elsewhere) for name, family in families.items()}
        once = partial(magnify, population, others, how, founders[key], strangers, elsewhere)
        larger[key] = again_and_again(membership, once)
    return [replace(one, membership=larger.get(id(one.membership), one.membership)) for one in judged]


def again_and_again(membership: Membership, once: Callable[[Membership], Membership]) -> Membership:
    """A membership magnified until nobody joins or leaves: who joined counts as a member the next time."""
    for _ in range(ROUNDS):
        larger = once(membership)
        if larger is membership:
            break
        settled = np.array_equal(larger.units, membership.units)
        membership = replace(larger, likely=np.union1d(larger.likely, larger.units))
        if settled:
            break
    return membership


def magnify(
    population: Population,
    families: Mapping[str, FamilyColumns],
    how: Habits,
    founders: NDArray[np.int64],
    strangers: NDArray[np.bool_],
    elsewhere: NDArray[np.bool_],
    membership: Membership,
) -> Membership:
    """One group's membership by all families and habits, once; as it was where habits say nothing of it.

    Args:
        population: all units.
        families: see `columns`.
        how: how every unit works.
        founders: units that formation put together, of all candidates that are this group.
        strangers: shape (units,), units of no listed group.
        elsewhere: shape (units,), members of another listed group alone, who may not join.
        membership: the group's.
    """
    inside, sure, known = (np.zeros(population.units, np.bool_) for _ in range(3))
    inside[membership.likely] = sure[membership.units] = True
    known[founders] = known[membership.likely] = known[membership.units] = True
    like = likeness(families, inside)
    nats = by_family(families, like)
    nats[:, COLUMN] = habit_nats(how, population, sure, strangers & ~sure)
    if not nats[:, COLUMN].any():
        return membership
    probability = np.round(membership_probability(population, nats, inside), DECISION_DIGITS)
    probability = np.where(known, np.round(more_likely(probability, FOUNDED_NATS), DECISION_DIGITS), probability)
    open_to = population.active & ~population.declared & ~elsewhere
    backed = np.round(nats.sum(axis=1) - nats[:, WORDINGS], DECISION_DIGITS) >= 0.0
    units = np.flatnonzero(open_to & over_two_families(nats) & (probability >= STRANGER_PROBABILITY) & backed)
    if len(units) < 2:
        return membership
    return Membership(units, probability[units], nats[units], membership.enriched, membership.likely)


def more_likely(probability: NDArray[np.float64], nats: float) -> NDArray[np.float64]:
    """Probabilities with their log odds raised.

    >>> more_likely(np.array([0.0, 0.5, 1.0]), np.log(3.0)).round(9).tolist()
    [0.0, 0.75, 1.0]
    """
    raised = probability * np.exp(nats)
    return np.asarray(raised / (1.0 - probability + raised))
