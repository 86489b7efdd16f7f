"""Synchrony asked of a workspace: members against strangers of their client type, up to an epoch, by content alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tests.prove import made

from hydrometer.base.cases import Case
from hydrometer.base.units import EPOCH_US
from hydrometer.base.workspace import Workspace
from hydrometer.prove.tests.synchrony import GROUP_BURSTS, TEST, UNIT_BURSTS, bursts

MINUTE_US = 60_000_000
START_US = 20_000 * 4 * EPOCH_US
WEEK_MINUTES = 7 * 24 * 60
MEMBERS, UNITS = 60, 400
LAST = START_US // EPOCH_US + 4 * 7
QUEUE_MOMENTS = 160


def week(seed: int, *, follows: float = 0.0, each: int = 25) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(unit, microseconds) of bursts; a share of those of the first units follow the moments of one queue."""
    draw = np.random.default_rng(seed)
    unit = np.repeat(np.arange(UNITS), each)
    moment = draw.integers(0, WEEK_MINUTES * MINUTE_US, len(unit))
    queue = draw.integers(0, (WEEK_MINUTES - 1) * MINUTE_US, QUEUE_MOMENTS)
    woken = (unit < MEMBERS) & (draw.random(len(unit)) < follows)
    together = queue[draw.integers(0, QUEUE_MOMENTS, len(unit))] + draw.integers(0, 45_000_000, len(unit))
    return unit, START_US + np.where(woken, together, moment)


def case(workspace: Workspace, unit: NDArray[np.int64], began: NDArray[np.int64], *, last: int = LAST) -> Case:
    workspace.write("bursts", pa.table({"unit": unit, "began_us": began}))
    found = made.population(UNITS, {}, clients=np.arange(UNITS) % 2)
    return made.case(workspace, list(range(MEMBERS)), everyone=found, last_epoch=last)


def test_a_queue_is_seen_and_said(workspace: Workspace) -> None:
    finding = TEST.judge(case(workspace, *week(0, follows=0.4)))
    (row,) = finding.evidence
    assert finding.log_e is not None
    assert finding.log_e >= np.log(5_000.0)
    assert row.n is not None and 1_000 < row.n <= MEMBERS * 25
    assert row.value is not None and row.value > 1.2
    assert f"of {MEMBERS} members" in row.statement


def test_strangers_by_themselves_are_not(workspace: Workspace) -> None:
    finding = TEST.judge(case(workspace, *week(1)))
    assert finding.log_e is not None
    assert finding.log_e < np.log(20.0)


def test_what_came_later_is_not_known(workspace: Workspace) -> None:
    unit, began = week(0, follows=0.4)
    whole = case(workspace, unit, began)
    early = TEST.judge(replace(whole, last_epoch=START_US // EPOCH_US + 3))
    cut = began < START_US + 4 * EPOCH_US
    assert early == TEST.judge(case(workspace, unit[cut], began[cut]))
    assert early != TEST.judge(case(workspace, unit, began))


def test_names_and_row_order_are_irrelevant(workspace: Workspace) -> None:
    unit, began = week(2, follows=0.1)
    expected = TEST.judge(case(workspace, unit, began))
    order = np.random.default_rng(3).permutation(len(unit))
    swapped = np.concatenate([np.arange(MEMBERS)[::-1], np.arange(MEMBERS, UNITS)[::-1]])
    swapped = np.where(swapped % 2 == np.arange(UNITS) % 2, swapped, np.arange(UNITS))
    assert TEST.judge(case(workspace, swapped[unit][order], began[order])) == expected


def test_little_is_said_of_few(workspace: Workspace) -> None:
    unit, began = week(0, follows=0.4, each=1)
    assert TEST.judge(case(workspace, unit[unit >= MEMBERS - 4], began[unit >= MEMBERS - 4])).log_e is None
    workspace.write("bursts", pa.table({"unit": pa.array([], pa.int64()), "began_us": pa.array([], pa.int64())}))
    found = made.population(UNITS, {})
    assert TEST.judge(made.case(workspace, list(range(MEMBERS)), everyone=found, last_epoch=LAST)).log_e is None


def test_no_account_and_no_group_takes_more_than_its_room(workspace: Workspace) -> None:
    unit, began = week(4)
    draw = np.random.default_rng(5)
    busy = np.zeros(5_000, np.int64)
    moments = START_US + draw.integers(0, WEEK_MINUTES * MINUTE_US, len(busy))
    more = np.repeat(np.arange(1, MEMBERS), 60)
    unit = np.concatenate([unit, busy, more])
    began = np.concatenate([began, moments, START_US + draw.integers(0, WEEK_MINUTES * MINUTE_US, len(more))])
    found, _, member = bursts(case(workspace, unit, began))
    assert np.bincount(found).max() <= UNIT_BURSTS
    assert member.sum() <= GROUP_BURSTS
    assert (found == 0).sum() <= UNIT_BURSTS


def test_what_is_worked_out_once_for_a_moment_changes_no_answer(workspace: Workspace) -> None:
    whole = case(workspace, *week(0, follows=0.4))
    others = replace(whole, group=replace(whole.group, members=np.arange(MEMBERS, 2 * MEMBERS)))
    assert others.shared is whole.shared
    first = TEST.judge(whole)
    assert list(whole.shared) == [(TEST.name, LAST)]
    assert TEST.judge(others) == TEST.judge(replace(others, shared={}))
    assert TEST.judge(whole) == first
    earlier = replace(whole, last_epoch=LAST - 14)
    assert TEST.judge(earlier) == TEST.judge(replace(earlier, shared={})) != first
