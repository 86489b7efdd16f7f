"""H2: does the group work as someone does who reads a work list out, or as one of the library's benign operators does?

The profile of the group (forms, repetition, follow-ups, lengths, hours; `profile.py`) is weighed as one score, without
the family of figures that speaks loudest, and ranked among the benign operators of the library. It needs no list of
words, so that a technique that nobody has described yet is seen by how it is used. What a log cannot tell (the hours
of a log of minutes, turns that nobody logs) is left out of the group's score and of the library's.
Source: `statistics.md` sections 2.2, 3.3 (no more bits than the library has operators) and 4.
"""

from __future__ import annotations

import numpy as np

from hydrometer.base.cases import Case, Evidence, Finding, Test
from hydrometer.base.units import bits
from hydrometer.prove.reference import ITEMS_MIN, as_high, reference_with, soft_rank

SHOWN_NATS, SHOWN_MOST = 0.5, 4
"""A figure is named from this contribution to the score; at most so many are."""


def judge(case: Case) -> Finding:
    """ln of the soft rank's e-value, with a row that names what the group shows; abstains on too few prompts."""
    if int(case.counts.items[0]) < ITEMS_MIN:
        return Finding()
    library, values = reference_with(case.own), case.usage.profile
    score = float(library.profile.score(values[None, :])[0])
    others = library.scores(~np.isnan(values))
    log_e = soft_rank(score, others)
    shown = ", ".join(library.profile.shown(values, SHOWN_NATS)[:SHOWN_MOST]) or "no figure stands out"
    nearest = ", ".join(kind.replace("_", " ") for kind in library.nearest(values))
    row = Evidence(
        "H2",
        "harvest",
        "usage",
        score,
        "weighted sum of figures without the strongest family",
        len(library.kinds),
        library.null_model,
        None,
        bits(log_e),
        bits(log_e),
        f"{as_high(score, others)} of {len(library.kinds)} benign operators of the library work as much like "
        f"someone who reads a work list out ({shown.replace('_', ' ')}; {library.profile.strongest(values)} does not "
        f"count). The benign ones most like it are {nearest}.",
    )
    return Finding(log_e, (row,))


TEST = Test(
    name="harvest",
    hypothesis="H2",
    role="evidence",
    judge=judge,
    source="statistics cookbook, sections 2.2, 3.3 and 4",
    benign_twins=("enterprise_batch", "white_label", "classroom", "quota_stretcher"),
)
