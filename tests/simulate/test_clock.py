"""Accounts of one queue wake at the same moments, whenever each was opened and closed."""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock

EACH, MOMENTS = 400, 160
HALF_US = clock.SPAN_US // 2


def begun(opened: list[int], closed: list[int], dispatcher: list[int]) -> list[np.ndarray]:
    """When the conversations of accounts with a common rhythm begin."""
    accounts = len(opened)
    who = np.repeat(np.arange(accounts), EACH)
    talks = {
        "rhythm": np.full(len(who), clock.DISPATCH), "offset_h": np.zeros(len(who), dtype=np.int64),
        "opened": clock.START_US + np.array(opened)[who], "closed": clock.START_US + np.array(closed)[who],
        "number": who, "dispatcher": np.array(dispatcher)[who], "rank": np.tile(np.arange(EACH), accounts),
        "count": np.full(len(who), EACH),
    }  # fmt: skip
    return np.split(clock.starts(talks, np.random.default_rng(5)), accounts)


def near(one: np.ndarray, other: np.ndarray) -> float:
    """Share of times that lie within a minute and a half of one of the others."""
    return float((np.abs(one[:, None] - other[None, :]).min(axis=1) < 90 * clock.SECOND_US).mean())


def test_a_queue_wakes_accounts_of_different_windows_at_the_same_moments() -> None:
    whole, first, second, other = begun(
        [0, 0, HALF_US, 0], [clock.SPAN_US, HALF_US, clock.SPAN_US, clock.SPAN_US], [8, 8, 8, 8_000]
    )
    assert near(first, whole) > 0.85 and near(second, whole) > 0.85
    assert near(other, whole) < 0.6
    assert first.max() <= clock.START_US + HALF_US <= second.min()
    assert 100 < len(np.unique((whole - clock.START_US) // (60 * clock.SECOND_US))) < 2 * MOMENTS


def test_an_account_that_no_moment_finds_open_begins_inside_its_window() -> None:
    for begin in range(0, clock.SPAN_US, clock.DAY_US):
        (only,) = begun([begin], [begin + 30 * clock.SECOND_US], [3])
        assert (only >= clock.START_US + begin).all() and (only <= clock.START_US + begin + 30 * clock.SECOND_US).all()
