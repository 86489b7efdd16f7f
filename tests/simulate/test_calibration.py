"""Calibration: worked examples of the statistics cookbook, section 12, and what luck alone would show."""

from __future__ import annotations

import numpy as np
import pytest

from hydrometer.base.draws import generator
from hydrometer.simulate import calibration
from hydrometer.simulate.score_calibration import pooled, table

WORKED = ([0.1, 0.2, 0.8, 0.9, 0.95], [False, False, True, True, False])


def test_worked_example() -> None:
    bins = calibration.reliability(*WORKED, bins=2)
    assert bins.error == pytest.approx(0.19)
    assert calibration.brier(*WORKED) == pytest.approx(0.2005)
    first, second = bins.rows()
    assert (first["from"], first["to"], first["items"], first["rate"]) == (0.0, 0.5, 2, 0.0)
    assert second["mean_probability"] == pytest.approx(2.65 / 3) and second["rate"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(("items", "error"), [(100, 0.088), (1_000, 0.028), (10_000, 0.009)])
def test_a_perfect_model_shows_an_error(items: int, error: float) -> None:
    stated = generator(1, "test").random(items)
    assert calibration.expected_error(stated.tolist()) == pytest.approx(error, rel=0.15)


def test_the_error_of_bins_is_near_that_of_items() -> None:
    stated = generator(2, "test").random(1_000)
    bins = calibration.reliability(stated, np.zeros(1_000, dtype=np.bool_))
    assert calibration.expected_error_of_bins(bins) == pytest.approx(
        calibration.expected_error(stated.tolist()), rel=0.1
    )


def test_overconfidence_exceeds_what_luck_shows() -> None:
    stated = np.full(500, 0.95)
    outcomes = generator(3, "test").random(500) < 0.7
    found = table(list(zip(stated.tolist(), outcomes.tolist(), strict=True)))
    assert found["calibration_error"] > 0.2 > 5 * found["calibration_error_if_calibrated"]


def test_one_is_in_the_last_bin() -> None:
    (row,) = calibration.reliability([1.0, 0.9], [True, True]).rows()
    assert (row["from"], row["to"], row["items"]) == (0.9, 1.0, 2)


def test_nothing_is_unknown() -> None:
    assert table([]) == {
        "items": 0,
        "brier": None,
        "calibration_error": None,
        "calibration_error_if_calibrated": None,
        "reliability": [],
    }
    assert calibration.excess_of_small([]) is None and calibration.band(0) is None


def test_tables_of_worlds_add_up_to_the_table_of_all() -> None:
    draw = generator(4, "test")
    stated = draw.random(300)
    pairs = list(zip(stated.tolist(), (draw.random(300) < stated).tolist(), strict=True))
    whole, parts = table(pairs), pooled([table(pairs[:100]), table(pairs[100:]), table([])])
    for name in ("items", "brier", "calibration_error"):
        assert parts[name] == pytest.approx(whole[name])
    assert [row["items"] for row in parts["reliability"]] == [row["items"] for row in whole["reliability"]]


def test_small_p_values_in_excess() -> None:
    uniform = (np.arange(200) + 0.5) / 200
    band = calibration.band(200)
    assert band is not None and band == pytest.approx(0.096, abs=5e-4)
    assert (calibration.excess_of_small(uniform.tolist()) or 0.0) < band
    assert (calibration.excess_of_small((uniform**2).tolist()) or 0.0) > band, "too many small ones"
    assert (calibration.excess_of_small((uniform**0.5).tolist()) or 0.0) < band, "too few small ones are no fault"
