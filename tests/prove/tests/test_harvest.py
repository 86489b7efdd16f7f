"""H2 by how a group works: abstention, bounds, words."""

from __future__ import annotations

import math

import numpy as np
from tests.prove.made import case, counts

from hydrometer.base.workspace import Workspace
from hydrometer.prove.profile import FIGURES
from hydrometer.prove.reference import reference
from hydrometer.prove.tests import harvest


def worst() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A profile that shows everything that a data-set builder shows."""
    library = reference()
    return np.asarray(library.mean + 2.0 * library.spread * np.sign(library.weight))


def test_everything_at_once_reaches_what_the_library_allows_and_no_more(workspace: Workspace) -> None:
    finding = harvest.judge(case(workspace, [0], group=counts([500], [0.9]), profile=worst()))
    most = math.log(len(reference().kinds) + 1)
    assert finding.log_e is not None and 0.9 * most < finding.log_e <= most
    assert "0 of" in finding.evidence[0].statement


def test_a_benign_operator_of_the_library_stays_far_below(workspace: Workspace) -> None:
    library = reference()
    typical = library.values[int(np.argsort(library.score(library.values))[len(library.kinds) // 2])]
    finding = harvest.judge(case(workspace, [0], group=counts([500], [0.0]), profile=typical))
    assert finding.log_e is not None and finding.log_e < 0.0


def test_it_names_what_stands_out_and_what_does_not_count(workspace: Workspace) -> None:
    library = reference()
    profile = library.mean.copy()
    profile[list(FIGURES).index("common_forms")] += 3 * library.spread[list(FIGURES).index("common_forms")]
    said = harvest.judge(case(workspace, [0], group=counts([500], [0.0]), profile=profile)).evidence[0].statement
    assert "(common forms; forms is left out)" in said


def test_too_few_prompts_abstain(workspace: Workspace) -> None:
    assert harvest.judge(case(workspace, [0], group=counts([19], [1.0]), profile=worst())).log_e is None
