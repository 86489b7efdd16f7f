"""H2 without prompts: does the group work as someone does who reads a work list out, as far as metadata can tell?

Where no exchange of a log has a prompt – a scan without content, or a log that stores none – the figures of metadata
(`metadata.py`) are weighed as one score, without the family that speaks loudest, and ranked among the benign operators
of a library that was measured without prompts as well. Where prompts are there this test is silent: they tell more.
Source: `statistics.md` sections 2.2, 3.3 (no more bits than the library has operators) and 4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.cases import Case, Evidence, Finding, Test
from hydrometer.base.units import bits
from hydrometer.prove.metadata import METADATA_FAMILIES, METADATA_FIGURES
from hydrometer.prove.metadata_reference import metadata_reference_with
from hydrometer.prove.reference import as_high, soft_rank
from hydrometer.prove.tests.harvest import SHOWN_MOST, SHOWN_NATS

FAMILIES_MIN = 3
"""Families of figures that the log must tell: the strongest does not count, and one that is left would decide alone."""


def families_known(values: NDArray[np.float64]) -> int:
    """Families of which at least one figure is known.

    Args:
        values: shape (figures,), not a number where the log cannot tell.
    """
    known = {name for name, value in zip(METADATA_FIGURES, values, strict=True) if not np.isnan(value)}
    return sum(not known.isdisjoint(family) for family in METADATA_FAMILIES.values())


def judge(case: Case) -> Finding:
    """ln of the soft rank's e-value, with a row that names what the group shows; abstains where prompts are there."""
    values = case.usage.metadata
    if values is None or families_known(values) < FAMILIES_MIN:
        return Finding()
    library = metadata_reference_with(case.own)
    score = float(library.weights.score(values[None, :])[0])
    others = library.scores(~np.isnan(values))
    log_e = soft_rank(score, others)
    shown = ", ".join(library.weights.shown(values, SHOWN_NATS)[:SHOWN_MOST]) or "no figure stands out"
    row = Evidence(
        "H2",
        "harvest_metadata",
        "usage",
        score,
        "weighted sum of figures without the strongest family",
        len(library.kinds),
        library.null_model,
        None,
        bits(log_e),
        bits(log_e),
        f"As far as metadata can tell, {as_high(score, others)} of {len(library.kinds)} benign operators of the "
        f"library work as much like someone who reads a work list out ({shown.replace('_', ' ')}; "
        f"{library.weights.strongest(values)} does not count).",
    )
    return Finding(log_e, (row,))


TEST = Test(
    name="harvest_metadata",
    hypothesis="H2",
    role="evidence",
    judge=judge,
    source="statistics cookbook, sections 2.2, 3.3 and 4",
    benign_twins=("enterprise_batch", "localisation_vendor", "exam_coach", "viral_prompter"),
)
