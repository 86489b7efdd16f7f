"""Times exchanged within half hours: exact under the null, strong where a queue wakes accounts, deaf to the clock."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from hydrometer.base.draws import generator
from hydrometer.prove.minutes import (
    EXCEEDED_MAX,
    WINDOW_MINUTES,
    exchange_log_e,
    exchanged,
    log_e_of,
    pooled,
    togetherness,
    without_habits,
)

WEEK = 7 * 24 * 60
NULL_GROUPS = 100


def together(minutes: NDArray[np.int64]) -> float:
    """The statistic by its definition."""
    total = 0.0
    for window in np.unique(minutes // WINDOW_MINUTES):
        _, counts = np.unique(minutes[minutes // WINDOW_MINUTES == window], return_counts=True)
        total += np.log1p((counts * (counts - 1) // 2).sum())
    return float(total)


def fast(minutes: NDArray[np.int64]) -> float:
    first = int(minutes.min()) // WINDOW_MINUTES * WINDOW_MINUTES
    size = int(minutes.max()) - first + 1
    counts, touched = np.zeros(size, np.int64), np.zeros(size // WINDOW_MINUTES + 1, np.int64)
    value = togetherness(minutes, first, counts, touched)
    assert not counts.any()
    assert not touched.any()
    return value


def test_togetherness_is_what_it_says() -> None:
    assert round(fast(np.array([0, 0, 1, 29, 30, 61, 61, 61])), 9) == round(np.log(2.0) + np.log(4.0), 9)
    draw = generator(0, "minutes")
    for _ in range(20):
        minutes = draw.integers(0, 300, 60)
        assert round(fast(minutes), 9) == round(together(minutes), 9)


def test_every_choice_of_members_is_drawn_equally_often() -> None:
    minute = np.array([3, 3, 9, 12])
    pool = pooled(np.array([True, True, False, False]), minute, np.zeros(4, np.int64))
    uniform = generator(0, "choices").random((60_000, 2), np.float32)
    found = exchanged(pool.minute.copy(), pool.starts, pool.taken, uniform, 0, 13)
    pairs = list(itertools.combinations(minute.tolist(), 2))
    expected = sum(together(np.array(pair)) for pair in pairs) / len(pairs)
    share = float((found > 0).mean())
    assert abs(share - 1 / 6) < 0.006
    assert abs(float(found.mean()) - expected) < 0.006


def test_cells_with_fewer_strangers_than_members_are_left_out() -> None:
    member = np.array([True, True, False, True, False])
    pool = pooled(member, np.array([1, 2, 3, 40, 41]), np.zeros(5, np.int64))
    assert pool.minute.tolist() == [40, 41]
    assert pool.observed.tolist() == [40]
    assert pool.taken.tolist() == [1]


def test_the_e_process_has_mean_one_however_long_is_drawn() -> None:
    """Of B draws and the group every place is as likely: the number that exceed it is uniform on 0 … B."""
    for draws in (1, 10, 100, 1_000):
        values = np.exp([log_e_of(exceeded, draws) for exceeded in range(draws + 1)])
        assert abs(float(values.mean()) - 1.0) < 1e-9


def test_stopping_when_enough_exceed_keeps_the_mean_at_one_at_most() -> None:
    draw = np.random.default_rng(0)
    stopped = []
    for chance in draw.random(5_000):
        exceeded = np.cumsum(draw.random(1_000) < chance)
        draws = np.arange(100, 1_001, 100)
        reached = exceeded[draws - 1] >= EXCEEDED_MAX
        last = int(draws[np.argmax(reached)] if reached.any() else 1_000)
        stopped.append(np.exp(log_e_of(int(exceeded[last - 1]), last)))
    error = float(np.std(stopped) / np.sqrt(len(stopped)))
    assert float(np.mean(stopped)) <= 1.0 + 3.0 * error
    assert float((np.array(stopped) >= 20.0).mean()) <= 0.05


def null_group(seed: int, strangers: int = 150, members: int = 25) -> float:
    """ln e where everybody keeps the same days and nights, some start jobs on the hour, and an outage ends for all."""
    draw = np.random.default_rng(seed)
    unit = np.repeat(np.arange(strangers + members), draw.integers(5, 40, strangers + members))
    hour = draw.choice(24, len(unit), p=np.repeat([1, 5, 9, 9, 7, 1], 4) / 128)
    minute = draw.integers(0, 7, len(unit)) * 1440 + hour * 60 + draw.integers(0, 60, len(unit))
    by_clock = (unit % 3 == 0) & (draw.random(len(unit)) < 0.7)
    minute = np.where(by_clock, minute // 60 * 60 + unit % 60, minute)
    minute = np.where(draw.random(len(unit)) < 0.03, 3 * 1440 + 863 + draw.integers(0, 3, len(unit)), minute)
    kept = without_habits(unit, minute)
    unit, minute = unit[kept], minute[kept]
    member = np.isin(unit, draw.choice(strangers + members, members, replace=False))
    return exchange_log_e(pooled(member, minute, np.zeros(len(unit), np.int64)), generator(seed, "null"))[0]


def test_it_holds_still_on_clocks_an_outage_and_nights() -> None:
    values = np.exp([null_group(seed) for seed in range(NULL_GROUPS)])
    assert float(values.mean()) <= 1.0
    assert int((values >= 20.0).sum()) <= stats.binom.ppf(0.99, NULL_GROUPS, 1 / 20)


def woken(seed: int, share: float, moments: int) -> float:
    """ln e of a group of which a share of the bursts follows common moments, within 45 seconds."""
    draw = np.random.default_rng(seed)
    unit = np.repeat(np.arange(400), 25)
    second = draw.integers(0, WEEK * 60, len(unit))
    queue = draw.integers(0, WEEK * 60 - 60, moments)
    member = unit < 60
    follows = member & (draw.random(len(unit)) < share)
    second = np.where(follows, queue[draw.integers(0, moments, len(unit))] + draw.integers(0, 45, len(unit)), second)
    return exchange_log_e(pooled(member, second // 60, np.zeros(len(unit), np.int64)), generator(seed, "woken"))[0]


def test_a_queue_that_wakes_its_accounts_stands_out() -> None:
    assert min(woken(seed, 0.4, 160) for seed in range(3)) >= np.log(5_000.0)


def test_one_lesson_does_not_make_a_class_one_hand() -> None:
    draw = np.random.default_rng(4)
    unit = np.repeat(np.arange(400), 25)
    minute = draw.integers(0, WEEK, len(unit))
    member = unit < 40
    first = np.concatenate([[True], unit[1:] != unit[:-1]])
    minute = np.where(member & first, 10 * 60 + draw.integers(0, 3, len(unit)), minute)
    value = exchange_log_e(pooled(member, minute, np.zeros(len(unit), np.int64)), generator(0, "lesson"))[0]
    assert value <= np.log(20.0)
