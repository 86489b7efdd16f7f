"""Groups of all sides → candidates, each counted once, and who stands beside one of them.

Where two halves formed the same group it is one candidate, tested on both; what was found by behaviour and again by its
wordings is one, too. Groups that were formed without a look at cards stand beside each other: a pool that comes in
pieces, by language or by template, pays with the same cards. Source: `statistics.md` section 2 (split).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.cases import NOBODY
from hydrometer.base.groups import Group, jaccard

INFRASTRUCTURE = "infrastructure"
MATCHED = 0.5
"""Jaccard index from which groups of the two halves are the same candidate."""


def candidates(groups: Sequence[Group]) -> list[tuple[Group, ...]]:
    """Groups of the two halves, matched one to one where they are the same candidate, which counts once.

    What was found by behaviour as a whole and again by its wordings alone is one candidate, the larger of the two: both
    are tested on the same families.
    """
    left = [group for group in groups if group.side == INFRASTRUCTURE]
    right: list[Group] = []
    for group in sorted((group for group in groups if group.side != INFRASTRUCTURE), key=lambda one: -len(one.members)):
        found_again = (other for other in right if other.side != group.side)
        if all(jaccard(group.members, other.members) < MATCHED for other in found_again):
            right.append(group)
    return _matched(left, right)


def _matched(left: list[Group], right: list[Group]) -> list[tuple[Group, ...]]:
    """Pairs of the most similar groups of two sides, then the groups that stay alone."""
    pairs = sorted(
        (-round(jaccard(one.members, other.members), 9), i, j)
        for i, one in enumerate(left)
        for j, other in enumerate(right)
    )
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    result: list[tuple[Group, ...]] = []
    for negative, i, j in pairs:
        if -negative >= MATCHED and i not in taken_left and j not in taken_right:
            taken_left.add(i)
            taken_right.add(j)
            result.append((left[i], right[j]))
    result += [(group,) for i, group in enumerate(left) if i not in taken_left]
    return result + [(group,) for j, group in enumerate(right) if j not in taken_right]


def beside(sets: Sequence[tuple[Group, ...]], number: int, group: Group) -> NDArray[np.int64]:
    """Units of groups of other candidates that were formed without a look at infrastructure, outside one group.

    Nobody for a group that infrastructure formed. What stands beside a group was chosen without its cards, so that its
    members hold the cards of these units by chance alone if they are strangers.

    Args:
        sets: all candidates.
        number: the group's candidate.
        group: the group.
    """
    others = [
        one.members
        for place, matched in enumerate(sets)
        for one in matched
        if place != number and one.side != INFRASTRUCTURE
    ]
    if group.side == INFRASTRUCTURE or not others:
        return NOBODY
    return np.setdiff1d(np.concatenate(others), group.members)
