"""H2 by how a group and its forms work: abstention, bounds, words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.prove.made import case, counts

from hydrometer.base.cases import Usage
from hydrometer.base.workspace import Workspace
from hydrometer.prove.forms import FORM_FIGURES
from hydrometer.prove.profile import FIGURES
from hydrometer.prove.reference import Weights, reference
from hydrometer.prove.tests import harvest, harvest_form

NO_FORMS = np.zeros((0, len(FORM_FIGURES)))
SPREADS = 2.0
KNOWN = np.ones(len(FIGURES), np.bool_)


def everything(weights: Weights) -> NDArray[np.float64]:
    """Figures that show all that a data-set builder shows."""
    return np.asarray(weights.mean + SPREADS * weights.spread * np.sign(weights.weight))


def test_everything_at_once_reaches_what_the_library_allows_and_no_more(workspace: Workspace) -> None:
    library = reference()
    usage = Usage(everything(library.profile), everything(library.form)[None, :])
    most = math.log(len(library.kinds) + 1)
    for test in (harvest, harvest_form):
        finding = test.judge(case(workspace, [0], group=counts([500], [0.9]), usage=usage))
        assert finding.log_e is not None and 0.9 * most < finding.log_e <= most
        assert f"0 of {len(library.kinds)}" in finding.evidence[0].statement


def test_a_benign_operator_of_the_library_stays_below(workspace: Workspace) -> None:
    library = reference()
    typical = library.values[int(np.argsort(library.scores(KNOWN))[len(library.kinds) // 2])]
    finding = harvest.judge(case(workspace, [0], group=counts([500], [0.0]), usage=Usage(typical, NO_FORMS)))
    assert finding.log_e is not None and finding.log_e < 0.0


def test_the_most_telling_form_stands_for_the_group(workspace: Workspace) -> None:
    weights = reference().form
    cover = np.tile(weights.mean - SPREADS * weights.spread * np.sign(weights.weight), (9, 1))
    own = everything(weights)[None, :]
    values = [
        harvest_form.judge(case(workspace, [0], usage=Usage(np.zeros(len(FIGURES)), forms))).log_e
        for forms in (own, np.vstack([cover, own]), cover)
    ]
    assert values[0] == pytest.approx(values[1]) and values[2] is not None and values[2] < 0.0


def test_it_names_what_stands_out_and_what_does_not_count(workspace: Workspace) -> None:
    weights = reference().profile
    profile = weights.mean.copy()
    profile[list(FIGURES).index("common_forms")] += 3 * weights.spread[list(FIGURES).index("common_forms")]
    said = harvest.judge(case(workspace, [0], group=counts([500], [0.0]), usage=Usage(profile, NO_FORMS)))
    assert "(common forms; forms does not count)" in said.evidence[0].statement


def test_too_few_prompts_and_no_forms_abstain(workspace: Workspace) -> None:
    usage = Usage(everything(reference().profile), NO_FORMS)
    assert harvest.judge(case(workspace, [0], group=counts([19], [1.0]), usage=usage)).log_e is None
    assert harvest_form.judge(case(workspace, [0], usage=usage)).log_e is None
