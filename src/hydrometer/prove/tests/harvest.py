"""H2: does the group work as someone does who reads a work list out, or as one of the library's benign operators does?

The profile of the group (forms, repetition, follow-ups, lengths, hours; `profile.py`) is weighed as one score, without
the family of figures that speaks loudest, and ranked among the benign operators of the library. It needs no list of
words, so that a technique that nobody has described yet is seen by how it is used.
Source: `statistics.md` sections 2.2, 3.3 (no more bits than the library has operators) and 4.
"""

from __future__ import annotations

import numpy as np

from hydrometer.base.cases import Case, Evidence, Finding, Test
from hydrometer.base.units import bits
from hydrometer.prove.profile import FIGURES
from hydrometer.prove.reference import ITEMS_MIN, Reference, reference

SHOWN_NATS = 0.5
"""A figure is named from this contribution to the score."""


def judge(case: Case) -> Finding:
    """ln of the soft rank's e-value, with a row that names what the group shows; abstains on too few prompts."""
    if int(case.counts.items[0]) < ITEMS_MIN:
        return Finding()
    library = reference()
    values = case.profile
    score = float(library.score(values[None, :])[0])
    log_e = library.log_e(score)
    row = Evidence(
        "H2",
        "harvest",
        "usage",
        score,
        "weighted sum of figures without the strongest family",
        len(library.kinds),
        "exchangeable with the benign operators of the library (simulated: own 0)",
        None,
        bits(log_e),
        bits(log_e),
        f"{library.above(score)} of {len(library.kinds)} benign operators of the library work as much like someone who "
        f"reads a work list out ({_shown(library, values)}; {library.strongest(values)} is left out). The benign ones "
        f"most like it are {', '.join(kind.replace('_', ' ') for kind in library.nearest(values))}.",
    )
    return Finding(log_e, (row,))


def _shown(library: Reference, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    """The figures that speak for it, strongest first, in words."""
    parts = (values - library.mean) / library.spread * library.weight
    order = sorted(range(len(FIGURES)), key=lambda place: -round(float(parts[place]), 9))
    names = [list(FIGURES)[place].replace("_", " ") for place in order if parts[place] >= SHOWN_NATS]
    return ", ".join(names[:4]) or "no figure stands out"


TEST = Test(
    name="harvest",
    hypothesis="H2",
    role="evidence",
    judge=judge,
    source="statistics cookbook, sections 2.2, 3.3 and 4",
    benign_twins=("enterprise_batch", "white_label", "classroom", "quota_stretcher"),
)
