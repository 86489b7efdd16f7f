"""H2: does one form of the group look like a work list, whatever else runs through the same accounts?

A pool that carries a tenth of harvest among other people's requests looks like its cover; the forms of its work list do
not (`forms.py`). The most telling form is weighed without the family of figures that speaks loudest, and ranked among
the most telling forms of the library's benign operators: who fills in more forms has more chances, and so has he there.
Source: `statistics.md` sections 2.2, 3.3 and 4.3 (below the ceiling of the pooled rate, split).
"""

from __future__ import annotations

import numpy as np

from hydrometer.base.cases import Case, Evidence, Finding, Test
from hydrometer.base.units import DECISION_DIGITS, bits
from hydrometer.prove.reference import as_high, reference_with, soft_rank
from hydrometer.prove.tests.harvest import SHOWN_MOST, SHOWN_NATS


def judge(case: Case) -> Finding:
    """ln of the soft rank's e-value of the most telling form, with a row; abstains where no form is in common use."""
    forms = case.usage.forms
    if not len(forms):
        return Finding()
    library = reference_with(case.own)
    scores = np.round(library.form.score(forms), DECISION_DIGITS)
    best = forms[int(np.argmax(scores))]
    score = float(scores.max())
    others = library.form_scores(~np.isnan(best))
    log_e = soft_rank(score, others)
    shown = ", ".join(library.form.shown(best, SHOWN_NATS)[:SHOWN_MOST]) or "no figure stands out"
    row = Evidence(
        "H2",
        "harvest_form",
        "usage",
        score,
        "weighted sum of figures without the strongest family",
        len(library.kinds),
        library.null_model,
        None,
        bits(log_e),
        bits(log_e),
        f"Of {len(forms)} forms that its accounts share, one is used like a work list ({shown.replace('_', ' ')}; "
        f"{library.form.strongest(best)} does not count); {as_high(score, others)} of "
        f"{len(library.kinds)} benign operators of the library have a form that is used as much like one.",
    )
    return Finding(log_e, (row,))


TEST = Test(
    name="harvest_form",
    hypothesis="H2",
    role="evidence",
    judge=judge,
    source="statistics cookbook, sections 2.2, 3.3 and 4.3",
    benign_twins=("enterprise_batch", "white_label", "classroom", "exam_coach", "quota_stretcher"),
)
