"""Two hands in one account: exact under its null, silent without a contrast, and blind to journeys."""

from __future__ import annotations

from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.prove.contrast import log_choose, log_e

DAY = st.tuples(*(st.integers(0, 6) for _ in range(4)))


def day(both: int, there: int, alike: int, neither: int) -> list[int]:
    return [both, there, alike, neither]


@pytest.mark.parametrize(("there", "elsewhere", "alike"), [(3, 3, 2), (4, 2, 3), (1, 5, 4), (2, 2, 4), (0, 4, 2)])
def test_the_mean_over_all_ways_to_deal_out_a_days_requests_is_one(there: int, elsewhere: int, alike: int) -> None:
    """Every choice of which requests look like the campaign's is as likely as any other under the null."""
    places = [True] * there + [False] * elsewhere
    values = []
    for chosen in combinations(range(len(places)), alike):
        both = sum(places[one] for one in chosen)
        rest = alike - both
        values.append(np.exp(log_e(np.array([day(both, there - both, rest, elsewhere - rest)]))))
    assert len(values) == comb(len(places), alike)
    assert np.mean(values) == pytest.approx(1.0, abs=1e-9)


def test_the_mean_over_two_days_is_one_too() -> None:
    values, weights = [], []
    for first, second in product(range(3), repeat=2):
        days = [day(k, 2 - k, 2 - k, 2 + k) for k in (first, second)]
        values.append(np.exp(log_e(np.array(days))))
        weights.append(np.prod([comb(2, k) * comb(4, 2 - k) for k in (first, second)]))
    assert np.average(values, weights=weights) == pytest.approx(1.0, abs=1e-9)


def test_on_null_accounts_large_values_are_as_rare_as_they_must_be() -> None:
    """Ten thousand accounts of one hand, each with its own habits: P(e ≥ 20) ≤ 1/20, P(e ≥ 100) ≤ 1/100."""
    draw = np.random.default_rng(5)
    values = []
    for _ in range(10_000):
        days = []
        for _ in range(int(draw.integers(1, 6))):
            there, elsewhere = draw.integers(0, 8, 2)
            both = (
                draw.hypergeometric(there, elsewhere, alike)
                if (alike := int(draw.integers(0, there + elsewhere + 1)))
                else 0
            )
            days.append(day(int(both), int(there - both), int(alike - both), int(elsewhere - alike + both)))
        values.append(log_e(np.array(days)))
    large = [(np.array(values) >= np.log(bound)).mean() for bound in (20, 100)]
    assert large[0] <= 1 / 20 and large[1] <= 1 / 100
    assert np.exp(values).mean() < 1.2


@given(st.lists(DAY, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_days_does_not_matter_and_an_empty_one_adds_nothing(
    days: list[tuple[int, int, int, int]], random: object
) -> None:
    before = log_e(np.array(days))
    random.shuffle(days)  # type: ignore[attr-defined]
    assert log_e(np.array([*days, (0, 0, 0, 0)])) == pytest.approx(before, abs=1e-9)
    assert np.isfinite(before)


@given(st.integers(1, 12))
def test_more_days_of_a_clear_contrast_say_more(days: int) -> None:
    clear = [day(3, 0, 0, 3)]
    assert log_e(np.array(clear * (days + 1))) > log_e(np.array(clear * days)) > 0.0


@pytest.mark.parametrize(
    "days",
    [
        [day(5, 5, 0, 0)],
        [day(0, 0, 4, 9)],
        [day(3, 0, 2, 0)],
        [day(9, 0, 0, 0), day(0, 0, 0, 9)],
    ],
)
def test_a_day_with_one_kind_of_place_or_request_says_nothing(days: list[list[int]]) -> None:
    """So a journey, a new client or a job that moves (the last case) is no contrast."""
    assert log_e(np.array(days)) == 0.0


def test_the_opposite_of_the_contrast_speaks_against_it() -> None:
    assert log_e(np.array([day(0, 5, 5, 0)])) < -5.0


def test_binomials() -> None:
    assert np.exp(log_choose(7, np.arange(8))).round(6).tolist() == [comb(7, k) for k in range(8)]
