"""Which exchanges of a member belong to the campaign, and what share of the account that is, with an interval.

An account's exchanges fall into eight cells: a form that is used like a work list or not × wording of the group or not
× a technique or not. The campaign's own mix is that of its members less the ordinary traffic in it, which is that of
outsiders; how much there is, the least mixed quarter says. The moment estimator is unbiased at share 0, where a
likelihood fit would always "find" some; its variance has the term for how accounts differ, without which a 95 %
interval covers 42 %. Source: `statistics.md` section 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.population import LAST_OF_ALL, Layer, Population
from hydrometer.base.workspace import Workspace
from hydrometer.prove.forms import forms
from hydrometer.prove.membership import Membership
from hydrometer.prove.reference import reference

CELLS = 8
TELLING_NATS = -1.0
"""Score from which a form counts as used like a work list: of development campaigns' forms above it 99 % carry harvest,
and 5 % of benign ones lie above it."""
OWN_MAX = 0.15
"""Ordinary traffic in the least mixed quarter up to which it is taken for the campaign's own: its requests are not all
unlike other people's. Beyond, even the least mixed members carry cover."""
LEAST_MIXED = 0.75
"""Quantile of members from which they are the least mixed."""
LEAST_PART = 1e-12
"""Stands for a share of none where a logarithm is taken."""
LEAST_REST = 1e-6
"""A group that differs from outsiders by less has no mix of its own."""
TYPICAL_MAX = 0.95
"""Share of a typical member at most: the purest campaign's member says something of his own now and then."""
CONDUCT_EXCHANGES = 10.0
CONDUCT_NATS = (-8.0, 3.0)
"""What an account sends can clear it of a group that it shares much with, and hardly convict it."""
USERS_MIN, USERS_SHARE = 3, 0.02
"""Members that use a wording before a request that shows it looks like the campaign's; what two of them chance to say
is more often their cover than the campaign's."""
SMOOTHING = 0.5
"""Count added to each cell of a mix."""
VOLUME_MIN = 5
"""Exchanges that an outsider must have to tell how accounts differ."""
Z95 = 1.959964
"""Two-sided 95 % quantile of the normal distribution."""
LAYER_COLUMNS = {
    "opening": ("opening",),
    "closing": ("closing",),
    "skeleton": ("skeleton",),
    "sketch": ("sketch_a", "sketch_b"),
    "system_prompt": ("system_prompt",),
}
MARKED = " or ".join(
    f"{column} in (select hash from marks where layer = '{layer}')"
    for layer, columns in LAYER_COLUMNS.items()
    for column in columns
)
TELLING = " or ".join(
    f"{column} in (select hash from marks where layer = 'form_{column}')" for column in ("opening", "closing")
)
CELL = f"4 * ({TELLING})::int + 2 * ({MARKED})::int + (techniques <> 0)::int"
CELLS_OF_ALL = f"""
select account_id, sent_us, client_ip, prefix, client_stack, ({CELL})::tinyint as cell from {{fingerprints}}
"""
"""The cell of everything that was sent, by whom and from where; held as `in_cells`, since each campaign asks often."""
COUNTS = "select u.unit, cell, count(*) as n from in_cells join {units} u using (account_id) group by 1, 2"


@dataclass(frozen=True, slots=True)
class Wordings:
    """What a group words, and how much of it everybody sends.

    Attributes:
        marked: its `marks`.
        counts: shape (units, cells), exchanges of every unit in each cell.
    """

    marked: pa.Table
    counts: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of a group's members and the probability of each cell.

    Attributes:
        share: shape (k,), estimated share of each member's exchanges, in [0, 1].
        low: shape (k,), lower end of the 95 % interval.
        high: shape (k,), upper end.
        cell_probability: shape (k, cells), probability that an exchange of a member in a cell belongs to the campaign.
        conduct: shape (k,), log ratio of what the member sends between a typical member and an outsider, nats; kept
            between bounds.
        ratio: shape (cells,), log ratio of each cell between the campaign's own mix and ordinary traffic, nats.
        typical: share of a typical member.
    """

    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    cell_probability: NDArray[np.float64]
    conduct: NDArray[np.float64]
    ratio: NDArray[np.float64]
    typical: float

    def of(self, kept: NDArray[np.bool_]) -> Shares:
        """The shares of some members; `kept` has shape (k,)."""
        return Shares(
            self.share[kept], self.low[kept], self.high[kept], self.cell_probability[kept], self.conduct[kept],
            self.ratio, self.typical,
        )  # fmt: skip


def marks(workspace: Workspace, population: Population, membership: Membership) -> pa.Table:
    """The group's wordings and those of its forms that are used like a work list, as a table (layer, hash)."""
    layers = [layer for layer in LAYER_COLUMNS if layer in membership.enriched]
    hashes = [common_marks(population.layers[layer], membership) for layer in layers]
    used = forms(workspace, [membership.units], LAST_OF_ALL)
    telling = reference().form.score(used.values) >= TELLING_NATS
    layers += ["form_opening", "form_closing"]
    hashes += [used.phrase[telling & (used.side == side)] for side in (0, 1)]
    return pa.table(
        {
            "layer": pa.array(np.repeat(np.array(layers, dtype=object), [len(part) for part in hashes]), pa.string()),
            "hash": pa.array(np.concatenate(hashes) if hashes else np.zeros(0, np.int64), pa.int64()),
        }
    )


def common_marks(layer: Layer, membership: Membership) -> NDArray[np.int64]:
    """Wordings of one layer that mark a group and that not only a few of its members use; hashes."""
    hashes = membership.enriched[layer.name]
    held = layer.held[membership.units][:, np.searchsorted(layer.entities, hashes)]
    users = np.bincount(held.indices, minlength=len(hashes))
    return hashes[users >= max(USERS_MIN, USERS_SHARE * len(membership.units))]


def shares(counts: NDArray[np.float64], membership: Membership) -> Shares:
    """Shares of the members of one group.

    Args:
        counts: shape (units, cells), see `by_cell`.
        membership: the group.
    """
    inside = np.zeros(len(counts), np.bool_)
    inside[membership.units] = True
    return estimate(counts[membership.units], counts[~inside & (counts.sum(axis=1) >= VOLUME_MIN)])


@contextmanager
def held_in_cells(workspace: Workspace, marked: pa.Table) -> Iterator[None]:
    """Hold the table `in_cells` (`CELLS_OF_ALL`) of a group.

    Args:
        workspace: holds `fingerprints`.
        marked: a group's `marks`.
    """
    with workspace.held("in_cells", CELLS_OF_ALL, marks=marked):
        yield


def by_cell(workspace: Workspace, units: int) -> NDArray[np.float64]:
    """Exchanges of every unit in each cell, where `in_cells` is held; shape (units, cells).

    Args:
        workspace: holds `units`.
        units: number of units.
    """
    found = workspace.query(COUNTS)
    counts = np.zeros((units, CELLS))
    counts[found["unit"].to_numpy(), found["cell"].to_numpy()] = found["n"].to_numpy()
    return counts


def mix(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smoothed share of each cell over all rows; shape (cells,)."""
    total = counts.sum(axis=0) + SMOOTHING
    result: NDArray[np.float64] = total / total.sum()
    return result


def estimate(members: NDArray[np.float64], outsiders: NDArray[np.float64]) -> Shares:
    """Moment estimator of each member's share.

    Args:
        members: shape (k, cells), exchanges.
        outsiders: shape (m, cells), exchanges of accounts outside.

    >>> none = np.array([[40.0, 0, 0, 0, 0, 0, 0, 0]] * 40)
    >>> pure, half = [0.0, 0, 0, 0, 0, 0, 0, 50], [25.0, 0, 0, 0, 0, 0, 0, 25]
    >>> estimate(np.array([pure, half]), none).share.round(1).tolist()
    [1.0, 0.5]
    """
    ordinary = mix(outsiders) if len(outsiders) else mix(np.zeros((1, members.shape[1])))
    volume = np.maximum(members.sum(axis=1), 1.0)
    campaign = own_mix(mix(members), mix(members[least_mixed(members, ordinary)]), ordinary)
    score = weights(campaign, ordinary)
    level_campaign, level_ordinary = float(campaign @ score), float(ordinary @ score)
    gap = level_campaign - level_ordinary
    if gap <= 1e-6:
        whole, none = np.ones(len(members)), np.zeros(len(members))
        return Shares(whole, none, whole, np.ones(members.shape), none, np.zeros(members.shape[1]), 1.0)
    mean = members @ score / volume
    share = np.clip((mean - level_ordinary) / gap, 0.0, 1.0)
    spread = _between(outsiders, score)
    mixed = share[:, None] * campaign + (1.0 - share[:, None]) * ordinary
    sampling = (mixed @ score**2 - (mixed @ score) ** 2) / volume
    deviation = np.sqrt(np.maximum(sampling + (1.0 - share) ** 2 * spread, 0.0)) / gap
    probability = share[:, None] * campaign / np.maximum(mixed, 1e-12)
    low, high = np.clip(share - Z95 * deviation, 0.0, 1.0), np.clip(share + Z95 * deviation, 0.0, 1.0)
    ratio = np.log(np.maximum(campaign, LEAST_PART)) - np.log(np.maximum(ordinary, LEAST_PART))
    typical = float(np.median(share))
    return Shares(share, low, high, probability, conduct(members, ratio, typical), ratio, typical)


def conduct(counts: NDArray[np.float64], ratio: NDArray[np.float64], typical: float) -> NDArray[np.float64]:
    """Log ratio of each account's exchanges: sent by a typical member, or by an outsider; shape (k,), nats.

    Outsiders differ more than their exchanges' number says, so that more than `CONDUCT_EXCHANGES` count as so many.
    Where little of a pool's traffic is harvest, to send none says next to nothing.

    Args:
        counts: shape (k, cells), exchanges.
        ratio: shape (cells,), log ratio between the campaign's own mix and ordinary traffic.
        typical: share of a typical member.

    >>> ratio = np.log(np.array([0.01, 0.99]) / np.array([0.95, 0.05]))
    >>> conduct(np.array([[40.0, 0], [4, 36]]), ratio, 0.9).round(1).tolist()
    [-8.0, 3.0]
    """
    typical = min(typical, TYPICAL_MAX)
    nats = np.log(typical * np.exp(ratio) + (1.0 - typical))
    volume = np.maximum(counts.sum(axis=1), 1.0)
    return np.asarray(np.clip(counts @ nats * np.minimum(1.0, CONDUCT_EXCHANGES / volume), *CONDUCT_NATS))


def own_mix(
    found: NDArray[np.float64], purest: NDArray[np.float64], ordinary: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The campaign's own mix: what its members send less ordinary traffic, so much that the rest is as the purest are.

    The cell that holds most of ordinary traffic measures how much there is. What the least mixed quarter holds of it is
    the campaign's own up to `OWN_MAX`; beyond, even they carry cover, and none of it is. Small accounts are pure by
    chance, so that the other cells are read off all members.

    Args:
        found: shape (cells,), mix of all members.
        purest: shape (cells,), mix of the least mixed quarter.
        ordinary: shape (cells,).

    >>> half, none = np.array([0.5, 0.1, 0.4]), np.array([0.8, 0.2, 0.0])
    >>> own_mix(half, half, none).round(3).tolist()
    [0.0, 0.0, 1.0]
    """
    place = int(np.argmax(ordinary))
    own = float(purest[place]) if purest[place] <= OWN_MAX * ordinary[place] else 0.0
    part = float(np.clip((found[place] - own) / max(float(ordinary[place]) - own, 1e-12), 0.0, 1.0))
    rest: NDArray[np.float64] = np.maximum(found - part * ordinary, 0.0)
    return rest / rest.sum() if rest.sum() > LEAST_REST else found


def least_mixed(members: NDArray[np.float64], ordinary: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The quarter of some members that is least like ordinary traffic; shape (k,)."""
    rough = members @ weights(mix(members), ordinary) / np.maximum(members.sum(axis=1), 1.0)
    result: NDArray[np.bool_] = rough >= np.quantile(rough, LEAST_MIXED)
    return result


def weights(campaign: NDArray[np.float64], ordinary: NDArray[np.float64]) -> NDArray[np.float64]:
    """Locally best weights of the cells: (f₁ − f₀) / (½f₀ + ½f₁)."""
    result: NDArray[np.float64] = (campaign - ordinary) / (0.5 * campaign + 0.5 * ordinary)
    return result


def _between(outsiders: NDArray[np.float64], score: NDArray[np.float64]) -> float:
    """τ²: variance of the mean score between ordinary accounts, without the part that sampling explains."""
    if len(outsiders) < 2:
        return 0.0
    volume = outsiders.sum(axis=1)
    mean = outsiders @ score / volume
    within = (outsiders @ score**2 / volume - mean**2) / volume
    return max(float(mean.var() - within.mean()), 0.0)
