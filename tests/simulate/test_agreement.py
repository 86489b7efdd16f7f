"""Agreement of partitions: published worked examples and brute-force twins."""

from __future__ import annotations

import itertools
import math
from statistics import fmean

import numpy as np
import pytest

from hydrometer.simulate import agreement

# Manning, Raghavan & Schütze 2008, figure 16.4: three clusters of six, six and five items of three classes.
BOOK_FOUND = "11111122222233333"
BOOK_TRUE = "xxxxxoxoooodxxddd"


def test_pairs_of_the_textbook() -> None:
    assert agreement.pairwise(BOOK_FOUND, BOOK_TRUE) == pytest.approx((0.5, 20 / 44, 40 / 84))


def test_information_of_the_textbook() -> None:
    """The book gives 0.36 for mutual information over the mean of the entropies, which is the V-measure."""
    homogeneity, completeness, balanced = agreement.v_measure(BOOK_FOUND, BOOK_TRUE)
    assert balanced == pytest.approx(0.36, abs=5e-3)
    assert homogeneity is not None and completeness is not None and homogeneity != completeness
    assert agreement.mutual_information(BOOK_FOUND, BOOK_TRUE) == pytest.approx(0.39, abs=5e-3)


def test_adjusted_information_of_a_published_example() -> None:
    """The example by which implementations of the formula of Vinh, Epps & Bailey are commonly tested."""
    found = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3]
    true = [1, 1, 1, 1, 2, 1, 2, 2, 2, 2, 3, 1, 3, 3, 3, 2, 2]
    labels = [str(one) for one in found], [str(one) for one in true]
    assert agreement.mutual_information(*labels) == pytest.approx(0.41022, abs=1e-5)
    assert agreement.expected_mutual_information([6, 6, 5], [6, 7, 4]) == pytest.approx(0.15042, abs=1e-5)
    assert agreement.adjusted_mutual_information(*labels) == pytest.approx(0.27821, abs=1e-5)


def test_expected_information_equals_the_mean_over_all_permutations() -> None:
    found, true = "aabbbcc", "xxxyyzz"
    by_hand = fmean(agreement.mutual_information(found, "".join(order)) for order in itertools.permutations(true))
    assert agreement.expected_mutual_information([2, 3, 2], [3, 2, 2]) == pytest.approx(by_hand, abs=1e-12)


def test_mutual_information_equals_its_definition() -> None:
    found, true = "aabbbcc", "xyxyyzz"
    total = 0.0
    for one, other in itertools.product(set(found), set(true)):
        both = sum((f, t) == (one, other) for f, t in zip(found, true, strict=True)) / 7
        if both:
            total += both * math.log(both / (found.count(one) / 7 * true.count(other) / 7))
    assert agreement.mutual_information(found, true) == pytest.approx(total)


def test_pairs_equal_their_definition_over_counted_items() -> None:
    draw = np.random.Generator(np.random.Philox(key=5))
    found, true = draw.integers(0, 4, 30).astype(str).tolist(), draw.integers(0, 3, 30).astype(str).tolist()
    counted = (draw.random(30) < 0.5).tolist()
    pairs = [(i, j) for i in range(30) for j in range(30) if i != j and counted[i]]
    same = [(found[i] == found[j], true[i] == true[j]) for i, j in pairs]
    both = sum(one and other for one, other in same)
    expected = both / sum(one for one, _ in same), both / sum(other for _, other in same)
    assert agreement.pairwise(found, true, counted)[:2] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("found", "true", "figures"),
    [
        ("0011", "1100", (1.0, 1.0, 1.0)),
        ("0012", "0011", (1.0, 2 / 3, 0.8)),
        ("0000", "0123", (0.0, 1.0, 0.0)),
        ("0000", "0000", (1.0, 1.0, 1.0)),
    ],
)
def test_v_measure(found: str, true: str, figures: tuple[float, float, float]) -> None:
    assert agreement.v_measure(found, true) == pytest.approx(figures)


@pytest.mark.parametrize(
    ("found", "true", "figure"),
    [("0011", "1100", 1.0), ("0123", "4567", 1.0), ("0000", "0000", 1.0), ("0000", "0123", 0.0), ("0123", "0000", 0.0)],
)
def test_adjusted_information_at_the_ends(found: str, true: str, figure: float) -> None:
    assert agreement.adjusted_mutual_information(found, true) == pytest.approx(figure, abs=1e-12)


def test_adjusted_information_of_chance_is_about_nought() -> None:
    draw = np.random.Generator(np.random.Philox(key=6))
    true = np.repeat(np.arange(40), 5).astype(str).tolist()
    adjusted = [agreement.adjusted_mutual_information(draw.permutation(true).tolist(), true) or 0.0 for _ in range(20)]
    assert abs(fmean(adjusted)) < 0.02
    assert (agreement.v_measure(draw.permutation(true).tolist(), true)[2] or 0.0) > 0.5, "V alone rewards small groups"


def test_many_singletons_are_summed_once() -> None:
    found, true = [str(number) for number in range(20_000)], [str(number // 2) for number in range(20_000)]
    assert agreement.adjusted_mutual_information(found, true) == pytest.approx(0.0, abs=1e-6)


def test_nothing_is_unknown() -> None:
    assert agreement.pairwise([], []) == (None, None, None)
    assert agreement.v_measure([], []) == (None, None, None)
    assert agreement.adjusted_mutual_information([], []) is None
    assert agreement.pairwise("01", "00")[0] is None, "no pair was claimed"
