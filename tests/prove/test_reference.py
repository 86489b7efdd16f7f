"""The library that is shipped, its score, and the rank's e-value under exchangeability."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from hydrometer.prove.forms import FORM_FIGURES
from hydrometer.prove.profile import FIGURES
from hydrometer.prove.reference import (
    ACCOUNTS_MIN,
    FAMILIES,
    FORM_FAMILIES,
    LIBRARY,
    SPREADS_MAX,
    WEIGHTS,
    Weights,
    reference,
    soft_rank,
)
from hydrometer.simulate.run import plugins, worlds
from hydrometer.simulate.world import DEVELOPMENT

EVERYTHING = np.ones(len(FIGURES), np.bool_)
OPERATORS_MIN = 5_000
"""Operators that `statistics.md` section 3.3 asks of a library."""


def test_families_hold_every_figure_once() -> None:
    assert sorted(name for members in FAMILIES.values() for name in members) == sorted(FIGURES)
    assert sorted(name for members in FORM_FAMILIES.values() for name in members) == sorted(FORM_FIGURES)


def test_the_strongest_family_never_counts() -> None:
    ones = np.ones(len(FIGURES))
    plain = Weights(tuple(FIGURES), FAMILIES, 0 * ones, ones, ones, -1.0)
    values = np.zeros((2, len(FIGURES)))
    values[0, list(FIGURES).index("techniques")] = 50.0
    values[1, [list(FIGURES).index(name) for name in ("techniques", "hours")]] = 3.0, 2.0
    assert plain.score(values).tolist() == [-1.0, 1.0]
    assert plain.strongest(values[1]) == "wording"


def test_what_a_log_cannot_tell_is_left_out_on_both_sides() -> None:
    library = reference()
    known = EVERYTHING.copy()
    known[list(FIGURES).index("hours")] = False
    group = library.values[7].copy()
    group[~known] = np.nan
    assert library.profile.score(group[None, :])[0] == pytest.approx(library.scores(known)[7])
    assert np.isfinite(library.scores(known)).all()


def test_far_beyond_what_was_fitted_a_figure_says_no_more() -> None:
    weights = reference().profile
    far, farther = (weights.mean + distance * weights.spread for distance in (SPREADS_MAX, 1e6))
    assert np.allclose(weights.parts(far), weights.parts(farther))


def test_no_single_family_convicts_whatever_it_shows() -> None:
    """From the most innocent profile of the library, any one family at its worst leaves no evidence."""
    library = reference()
    weights = library.profile
    calm = library.values[int(np.argmin(library.scores(EVERYTHING)))]
    slope = np.sign(weights.weight)
    for members in FAMILIES.values():
        loud = calm.copy()
        for name in members:
            place = list(FIGURES).index(name)
            loud[place] = np.nanmax((library.values * slope)[:, place]) * slope[place]
        assert soft_rank(float(weights.score(loud[None, :])[0]), library.scores(EVERYTHING)) < 0.0


def test_the_rank_of_an_exchangeable_score_has_mean_one_at_most() -> None:
    draw = np.random.default_rng(7)
    for scores in (draw.normal(size=200), draw.standard_t(2, 200), np.repeat([0.0, 1.0], 100)):
        values = [np.exp(soft_rank(float(scores[n]), np.delete(scores, n))) for n in range(len(scores))]
        assert np.mean(values) == pytest.approx(1.0)


def test_no_score_gives_more_than_the_library_has_operators() -> None:
    for others in (reference().scores(EVERYTHING), reference().form_scores(EVERYTHING)):
        assert soft_rank(1e6, others) == pytest.approx(np.log(len(others) + 1.0))
        assert soft_rank(-1e6, others) < 0.0


def test_what_is_shipped_was_measured_on_development_worlds_alone_and_is_large_enough() -> None:
    fitted = yaml.safe_load(WEIGHTS.read_text(encoding="utf-8"))
    known = worlds()
    assert fitted["fitted_on"]
    assert {known[name.split()[0]].split for name in fitted["fitted_on"]} == {DEVELOPMENT}
    allowed = {placement.plugin for world in known.values() if world.split == DEVELOPMENT for placement in world.benign}
    kinds = {kind.removeprefix("strangers:") for kind in reference().kinds}
    assert kinds <= allowed & set(plugins())
    assert len(reference().kinds) >= OPERATORS_MIN
    assert LIBRARY.stat().st_size < 2**22


def test_nearest_kinds_are_named_once_and_its_own_operator_is_the_nearest() -> None:
    library = reference()
    place = library.kinds.index("company_card")
    found = library.nearest(library.values[place])
    assert found[0] == "company_card" and len(set(found)) == len(found) <= 3


def test_the_library_holds_groups_that_a_scan_would_judge() -> None:
    assert min(pq.read_table(LIBRARY)["accounts"].to_pylist()) >= ACCOUNTS_MIN
