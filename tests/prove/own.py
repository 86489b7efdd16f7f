"""Own benign operators made by hand, as loud as a test wants them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.cases import OwnOperators
from hydrometer.prove.forms import FORM_FIGURES
from hydrometer.prove.own_operators import VERIFIED_OWNER
from hydrometer.prove.reference import Weights, reference


def loud(weights: Weights, spreads: float) -> NDArray[np.float64]:
    """Figures that all speak for data-set building, so many spreads from the mean; shape (figures,)."""
    return np.asarray(weights.mean + spreads * weights.spread * np.sign(weights.weight))


def own_of(spreads: NDArray[np.float64], form_spreads: NDArray[np.float64] | None = None) -> OwnOperators:
    """Operators of so many spreads each; without `form_spreads` none has a form."""
    library, count = reference(), len(spreads)
    profiles = np.stack([loud(library.profile, float(one)) for one in spreads])
    forms = np.full((count, len(FORM_FIGURES)), np.nan)
    if form_spreads is not None:
        forms = np.stack([loud(library.form, float(one)) for one in form_spreads])
    return OwnOperators((VERIFIED_OWNER,) * count, profiles, forms, np.zeros(count, np.int64))


def quiet(count: int) -> OwnOperators:
    """Operators that look like nobody who builds anything."""
    return own_of(np.full(count, -1.0))
