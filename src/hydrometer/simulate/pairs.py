"""Which pairs of fields give campaigns away: cells of two categorical views that hold next to no benign account.

Fields that are useless alone can be proof together (a programming kit on a subscription). Every pair of the published
views is tabulated over the accounts of all worlds; a cell that is large and nearly pure is a rule that a child could
write. What all such rules catch is measured on accounts that they were not chosen on. No limit is set here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from hydrometer.simulate.account_views import Views, views_of
from hydrometer.simulate.world import Array

SMALLEST = 30
"""Fewest accounts of a cell that counts."""
PURE = 0.9
"""Smallest share of campaign accounts in a cell that counts."""
COVER = 15
"""Most cells of the cover."""
PER = 100_000
"""False alarms are given for so many benign accounts."""
_Place = tuple[tuple[str, str], int]
"""A cell: both views, and its number among their cells."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Accounts with one value of one view and one of another.

    Args:
        views, values: of both sides.
        accounts, campaign: accounts in the cell, and those of them in campaigns.
        alone: share of campaign accounts among those with each of the values, whatever the other.
        worlds: worlds whose campaigns have accounts in the cell.
        new: campaign accounts in no earlier cell of the list.
    """

    views: tuple[str, str]
    values: tuple[str, str]
    accounts: int
    campaign: int
    alone: tuple[float, float]
    worlds: int
    new: int

    def __str__(self) -> str:
        said = " & ".join(f"{view}={value}" for view, value in zip(self.views, self.values, strict=True))
        alone = " and ".join(f"{share:.0%}" for share in self.alone)
        return f"{self.campaign:,} of {self.accounts:,} ({self.new:,} new, {self.worlds} worlds; alone {alone}): {said}"


@dataclass(frozen=True, slots=True)
class Caught:
    """What a set of rules catches.

    Args:
        share: of campaign accounts, those in at least one cell.
        false_alarms: of PER benign accounts, those in at least one cell.
        by_world: the share in each world, NaN where it has no campaign accounts.
    """

    share: float
    false_alarms: float
    by_world: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PairReport:
    """Rules that pairs of views make.

    Args:
        worlds: name of each world.
        views: number of views.
        accounts, campaign: accounts, and those of them in campaigns.
        held_out: what cells catch that were chosen on one half of the accounts (where they need half as many), on the
            other half; both ways round, so that each account is judged once.
        in_sample: what the cells below catch.
        cells: all cells that count, the one with most campaign accounts first.
        cover: of those, the one with most campaign accounts, then always the one with most that are in none before.
    """

    worlds: tuple[str, ...]
    views: int
    accounts: int
    campaign: int
    held_out: Caught
    in_sample: Caught
    cells: tuple[Cell, ...]
    cover: tuple[Cell, ...]

    def __str__(self) -> str:
        lines = [
            f"{sort}: {one.share:.1%} of {self.campaign:,} campaign accounts, {one.false_alarms:.0f} false per {PER:,}"
            for sort, one in (("held out", self.held_out), ("in sample", self.in_sample))
        ]
        shares = zip(self.worlds, self.held_out.by_world, strict=True)
        lines += [", ".join(f"{world} {share:.0%}" for world, share in sorted(shares, key=lambda one: -one[1]))]
        return "\n".join([*lines, f"{len(self.cells):,} cells; cover:", *map(str, self.cover)])


def rules(worlds: Sequence[Path]) -> PairReport:
    """Rules that pairs of views make over the accounts of some worlds.

    Args:
        worlds: folders with `traffic` and `truth`.

    Raises:
        UsageError: a folder is no world, or the worlds hold no campaign or nothing else.
    """
    return rules_of(views_of(worlds), [world.name for world in worlds])


def rules_of(views: Views, names: Sequence[str]) -> PairReport:
    """As `rules`, of views.

    Args:
        views: accounts, some of them of campaigns.
        names: name of each world.
    """
    everyone = np.ones(len(views.positive), dtype=bool)
    held_out = ~everyone
    for chosen_on in (views.half, ~views.half):
        held_out |= _in_pure_cells(views, chosen_on, SMALLEST // 2) & ~chosen_on
    cells = _cells(views)
    return PairReport(
        worlds=tuple(names),
        views=len(views.codes),
        accounts=len(everyone),
        campaign=int(views.positive.sum()),
        held_out=_caught(views, held_out, len(names)),
        in_sample=_caught(views, _in_pure_cells(views, everyone, SMALLEST), len(names)),
        cells=_described(views, cells),
        cover=_described(views, _cover(views, cells)),
    )


def _pairs(views: Views) -> Iterator[tuple[tuple[str, str], Array]]:
    """Each pair of views with the number of each account's cell, which names the values of both."""
    for one, other in combinations(sorted(views.codes), 2):
        yield (one, other), views.codes[one] * len(views.words[other]) + views.codes[other]


def _pure(cell: Array, positive: Array, counted: Array, smallest: int) -> Array:
    """Which cells count, by their number: they hold at least `smallest` of the accounts of `counted`, and are pure."""
    size = int(cell.max(initial=0)) + 1
    accounts = np.bincount(cell[counted], minlength=size)
    campaign = np.bincount(cell[counted & positive], minlength=size)
    return np.asarray((accounts >= smallest) & (campaign >= PURE * accounts))


def _in_pure_cells(views: Views, chosen_on: Array, smallest: int) -> Array:
    """Which accounts lie in a cell that counts on the accounts of `chosen_on`."""
    caught = np.zeros(len(views.positive), dtype=bool)
    for _, cell in _pairs(views):
        caught |= _pure(cell, views.positive, chosen_on, smallest)[cell]
    return caught


def _caught(views: Views, caught: Array, worlds: int) -> Caught:
    """Shares of the accounts that are caught."""
    campaign = np.bincount(views.world[views.positive], minlength=worlds)
    found = np.bincount(views.world[views.positive & caught], minlength=worlds)
    by_world = tuple(
        float(part / whole) if whole else float("nan") for part, whole in zip(found, campaign, strict=True)
    )
    return Caught(float(found.sum() / campaign.sum()), float(PER * caught[~views.positive].mean()), by_world)


def _cells(views: Views) -> list[_Place]:
    """All cells that count, the one with most campaign accounts first."""
    everyone = np.ones(len(views.positive), dtype=bool)
    found: list[tuple[int, _Place]] = []
    for pair, cell in _pairs(views):
        campaign = np.bincount(cell[views.positive], minlength=int(cell.max(initial=0)) + 1)
        numbers = np.flatnonzero(_pure(cell, views.positive, everyone, SMALLEST)).tolist()
        found += [(-int(campaign[number]), (pair, number)) for number in numbers]
    return [place for _, place in sorted(found)]


def _cover(views: Views, cells: Sequence[_Place]) -> list[_Place]:
    """Of some cells, always the one with most campaign accounts that are in none before, as long as there is one."""
    left = views.positive.copy()
    order: list[_Place] = []
    cell_of, pure = dict(_pairs(views)), {pair: set[int]() for pair, _ in cells}
    for pair, number in cells:
        pure[pair].add(number)
    while len(order) < COVER:
        counts = {pair: np.bincount(cell_of[pair][left], minlength=max(numbers) + 1) for pair, numbers in pure.items()}
        gains = [(int(counts[pair][number]), (pair, number)) for pair, number in cells]
        gain, place = max(gains, key=lambda one: one[0], default=(0, None))
        if place is None or gain == 0:
            break
        order.append(place)
        left &= cell_of[place[0]] != place[1]
    return order


def _described(views: Views, cells: Sequence[_Place]) -> tuple[Cell, ...]:
    """Cells with their figures, in the order given."""
    before = np.zeros(len(views.positive), dtype=bool)
    described = []
    for (one, other), number in cells:
        sides = divmod(number, len(views.words[other]))
        holds = [views.codes[view] == side for view, side in zip((one, other), sides, strict=True)]
        inside = holds[0] & holds[1]
        guilty = inside & views.positive
        described.append(
            Cell(
                views=(one, other),
                values=(views.words[one][sides[0]], views.words[other][sides[1]]),
                accounts=int(inside.sum()),
                campaign=int(guilty.sum()),
                alone=(float(views.positive[holds[0]].mean()), float(views.positive[holds[1]].mean())),
                worlds=len(np.unique(views.world[guilty])),
                new=int((guilty & ~before).sum()),
            )
        )
        before |= inside
    return tuple(described)
