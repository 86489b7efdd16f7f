"""H2, supporting or exonerating: are the group's prompts filled-in forms, more or less than a benign operator's are?

The share of distinct prompts whose wording carries five or more of them is ranked among benign operators of this run.
Many forms are reported with their bits and add nothing: a customer's batch looks the same. Fewer forms than most benign
operators have count against a work list. The rank becomes an e-value by ½·p^(−½), within the floor of the number of
operators.
Source: `statistics.md` sections 3.1 (calibrator), 3.3 (floor); `detection.md` section 4.3 (few templates, huge fill).
"""

from __future__ import annotations

import numpy as np

from hydrometer.base.cases import Case, Evidence, Finding, Test
from hydrometer.base.units import bits

PROMPTS_MIN = 20
OPERATORS_MIN = 20
"""Prompts that an operator must have, and operators that must be there, for a rank to mean anything."""


def judge(case: Case) -> Finding:
    """ln of the factor that too few forms take away (0 = nothing), with the rank's row."""
    able = case.background.items >= PROMPTS_MIN
    if int(case.counts.items[0]) < PROMPTS_MIN or int(able.sum()) < OPERATORS_MIN:
        return Finding()
    share = float(case.counts.filled[0])
    others = np.round(case.background.filled[able], 9)
    p = (1.0 + float((others >= round(share, 9)).sum())) / (len(others) + 1.0)
    low = (1.0 + float((others <= round(share, 9)).sum())) / (len(others) + 1.0)
    log_e = float(np.log(0.5) - 0.5 * np.log(p)) if low >= 0.5 else float(np.log(2.0 * low))
    row = Evidence(
        "H2",
        "template_focus",
        "text",
        share,
        "share of distinct prompts",
        len(others),
        "rank among benign operators of this run",
        None,
        bits(log_e),
        bits(log_e),
        f"{share:.0%} of the distinct prompts are forms filled in at least five times; so are as many or more of the "
        f"prompts of {p * (len(others) + 1) - 1:.0f} of {len(others)} benign operators.",
    )
    return Finding(min(log_e, 0.0) if low < 0.5 else 0.0, (row,))


TEST = Test(
    name="template_focus",
    hypothesis="H2",
    role="exoneration",
    judge=judge,
    source="statistics cookbook, section 3.1",
    benign_twins=("enterprise_batch", "ide_users"),
)
