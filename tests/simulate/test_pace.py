"""Turns wait for answers, and conversations fit into the time in which an account is open."""

from __future__ import annotations

import numpy as np
import pytest

from hydrometer.simulate import clock, pace


def test_a_short_window_shortens_pauses_before_latencies() -> None:
    size, room = 4, 20 * clock.SECOND_US
    for latency_ms, expected_ms in ((4_000.0, 4_000.0), (40_000.0, 20_000.0 / 3)):
        rows = {
            "account": np.zeros(size, dtype=np.int64), "opening": np.zeros(size, dtype=np.int64),
            "turn": np.arange(1, size + 1), "wait": np.array([0, 60, 60, 60]) * clock.SECOND_US,
            "sent": clock.START_US + np.array([0, 60, 120, 180]) * clock.SECOND_US,
            "latency_ms": np.full(size, latency_ms),
        }  # fmt: skip
        traits = {
            "machine": np.array([True]), "opened": np.array([clock.START_US]),
            "closed": np.array([clock.START_US + room]),
        }  # fmt: skip
        pace.lay_out(traits, rows)
        assert rows["latency_ms"] == pytest.approx(np.full(size, expected_ms))
        assert rows["sent"] == pytest.approx(clock.START_US + np.arange(4) * room / 3, abs=10)


def test_people_keep_their_recorded_gaps_and_programs_wait_after_the_answer() -> None:
    rows = {
        "account": np.array([0, 0, 0, 1, 1]), "opening": np.array([0, 0, 0, 3, 3]), "turn": np.array([1, 2, 3, 1, 2]),
        "wait": np.array([0, 30, 4, 0, 9]) * clock.SECOND_US, "sent": np.full(5, clock.START_US),
        "latency_ms": np.full(5, 10_000.0),
    }  # fmt: skip
    traits = {
        "machine": np.array([False, True]), "opened": np.full(2, clock.START_US), "closed": np.full(2, clock.END_US),
    }  # fmt: skip
    pace.lay_out(traits, rows)
    assert ((rows["sent"] - clock.START_US) / clock.SECOND_US).tolist() == [0, 30, 40.5, 0, 19]
