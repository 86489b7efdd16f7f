"""Listed groups, magnified: who shares wordings alone is a member if he works like one, and not if he does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.prove.made import Holders, population, shared_by

from hydrometer.base.families import FAMILIES
from hydrometer.base.population import Population
from hydrometer.prove.habits import FOLDS, HABIT_FIGURES, Habits
from hydrometer.prove.magnify import COLUMN, again_and_again, magnify, more_likely
from hydrometer.prove.membership import Membership, columns, enlarge

UNITS = 1_500
SURE, WORDED, COPIED = np.arange(0, 60), np.arange(60, 80), np.arange(80, 100)
"""Accounts on the same cards with the same wordings; of the operator with its wordings alone; and people who copied
them, and work like people."""
STRANGERS = np.arange(100, UNITS)


def world(seed: int) -> tuple[Population, Habits]:
    """The units above among strangers, and how each works."""
    draw = np.random.default_rng(seed)
    alike = np.concatenate([SURE, WORDED, COPIED])
    holders: dict[str, Holders] = {
        "payment_fingerprint": shared_by(12, draw, SURE)
        + shared_by(2, draw, draw.choice(STRANGERS, 200, replace=False)),
        "opening": [draw.choice(alike, 60, replace=False) for _ in range(8)]
        + [draw.choice(STRANGERS, 15, replace=False) for _ in range(30)],
    }
    figures = draw.standard_normal((UNITS, len(HABIT_FIGURES)))
    figures[np.concatenate([SURE, WORDED]), :4] += 2.0
    return population(UNITS, holders), Habits(figures, np.full(UNITS, True), draw.integers(0, FOLDS, UNITS))


NOBODY = np.full(UNITS, False)


def memberships(
    seed: int, how: Habits | None = None, elsewhere: NDArray[np.bool_] = NOBODY
) -> tuple[Membership, Membership]:
    """The group before and after it is magnified; all who word alike founded it."""
    everyone, working = world(seed)
    founders = np.concatenate([SURE, WORDED, COPIED])
    families = columns(everyone)
    before = enlarge(everyone, families, founders, everyone.declared)
    strangers = everyone.active.copy()
    strangers[np.concatenate([founders, before.units])] = False
    return before, magnify(everyone, families, how or working, founders, strangers, elsewhere, before)


def share(found: Membership, units: NDArray[np.int64]) -> float:
    """Share of some units that are listed."""
    return float(np.isin(units, found.units).mean())


def test_who_words_and_works_alike_is_a_member() -> None:
    for seed in range(4):
        before, after = memberships(seed)
        assert share(before, WORDED) == 0.0 and share(before, SURE) > 0.9
        assert share(after, WORDED) > 0.7 and share(after, SURE) > 0.9


def test_who_copied_a_prompt_and_works_like_a_person_is_none() -> None:
    assert np.mean([share(memberships(seed)[1], COPIED) for seed in range(4)]) < 0.05


def test_no_stranger_joins_by_conduct_alone() -> None:
    _, how = world(9)
    how.figures[STRANGERS[:200], :4] += 2.0
    assert not np.isin(STRANGERS, memberships(9, how)[1].units).any()


def test_conduct_is_told_beside_the_other_families() -> None:
    _, after = memberships(1)
    assert after.nats.shape == (len(after.units), len(FAMILIES)) and (after.nats[:, COLUMN] >= 1.0).mean() > 0.5


def test_a_group_of_whose_conduct_nobody_knows_stays_as_it_is() -> None:
    _, how = world(2)
    before, after = memberships(2, Habits(how.figures, np.full(UNITS, False), how.fold))
    assert after is before


def test_who_joined_counts_as_a_member_until_nobody_joins() -> None:
    none = np.zeros(0, np.int64)
    grown = [np.arange(size) for size in (4, 6, 7, 7, 9)]
    asked = list[NDArray[np.int64]]()

    def once(one: Membership) -> Membership:
        asked.append(one.likely)
        if len(asked) > len(grown):
            return one
        return replace(one, units=grown[len(asked) - 1])

    start = Membership(np.arange(3), np.ones(3), np.zeros((3, 1)), {}, none)
    found = again_and_again(start, once)
    assert found.units.tolist() == list(range(7)) and [len(one) for one in asked] == [0, 4, 6, 7]


def test_odds_are_raised_and_stay_odds() -> None:
    assert more_likely(np.array([0.0, 0.43, 1.0]), 2.0) == pytest.approx([0.0, 0.848, 1.0], abs=1e-3)


def test_members_of_another_listed_group_do_not_join() -> None:
    listed = np.zeros(UNITS, np.bool_)
    listed[WORDED] = True
    _, after = memberships(0, elsewhere=listed)
    assert share(after, WORDED) == 0.0 and share(after, SURE) > 0.9
