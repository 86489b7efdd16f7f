"""The laws of tests: one case gets one answer, what is missing proves nothing, and every figure says from what.

Source: the architecture, section 6; `statistics.md` sections 3.3 (what a rank can prove at most), 14 (evidence rows).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from hydrometer.base.cases import Case, Evidence, Finding, Test
from hydrometer.base.laws import attempted
from hydrometer.base.tables import HYPOTHESES, KINDS

TestLaw = Callable[[Test, Case], list[str]]
WITHOUT_BITS = ("explanation", "declaration", "authorisation")
KNOWN_ROLES = ("evidence", "exoneration", *WITHOUT_BITS)
SLACK_BITS = 1e-9
OPERATORS = "operators"


def says_what_it_is(test: Test, case: Case) -> list[str]:
    """Its words are those of the contract, and it names its source and the look-alikes on which it must hold still."""
    told = [f"role {test.role} is none of {', '.join(KNOWN_ROLES)}"] if test.role not in KNOWN_ROLES else []
    if test.hypothesis not in HYPOTHESES:
        told.append(f"hypothesis {test.hypothesis} is none of {', '.join(HYPOTHESES)}")
    finding = test.judge(case)
    if finding.kind is not None and finding.kind not in KINDS:
        told.append(f"kind {finding.kind} is none of {', '.join(KINDS)}")
    told += [
        f"a row of {row.hypothesis} from a test of {test.hypothesis}"
        for row in finding.evidence
        if row.hypothesis != test.hypothesis
    ]
    return told + [f"it names no {name}" for name in ("source", "benign_twins") if not getattr(test, name)]


def same_input_same_bytes(test: Test, case: Case) -> list[str]:
    """Judged twice, a case gets the same answer to the last bit."""
    first, again = test.judge(case), test.judge(case)
    return [] if _bytes(first) == _bytes(again) else ["two judgements of one case differ"]


def exonerations_never_accuse(test: Test, case: Case) -> list[str]:
    """What exonerates multiplies by at most 1; what explains or declares has no e-value and no bits."""
    finding = test.judge(case)
    told = []
    if test.role == "exoneration" and finding.log_e is not None and finding.log_e > 0.0:
        told.append(f"an exoneration of ln e = {finding.log_e:.3g}, at most 0")
    if test.role in WITHOUT_BITS:
        if finding.log_e is not None:
            told.append(f"an {test.role} with an e-value")
        told += [f"{row.signal}: an {test.role} with bits" for row in finding.evidence if _has_bits(row)]
    return told


def every_figure_says_from_what(test: Test, case: Case) -> list[str]:
    """A row says in words what was found, its unit and its n; one with bits names its null and both kinds of bits."""
    return [f"{row.signal}: {problem}" for row in test.judge(case).evidence for problem in _row_problems(row)]


LAWS: tuple[TestLaw, ...] = (
    says_what_it_is,
    same_input_same_bytes,
    exonerations_never_accuse,
    every_figure_says_from_what,
)


def abstains(test: Test, case: Case) -> list[str]:
    """Where a log has no column that it could use, it says nothing: no e-value above 1, no bits, no explanation.

    Args:
        test: the test.
        case: a case of a log with ids and times alone.
    """

    def judged() -> list[str]:
        finding = test.judge(case)
        told = []
        if finding.log_e is not None and finding.log_e > 0.0:
            told.append(f"without columns it finds ln e = {finding.log_e:.3g}")
        told += [
            f"without columns {row.signal} has {row.model_bits:.3g} bits"
            for row in finding.evidence
            if (row.model_bits or 0.0) > 0.0
        ]
        return told

    return attempted("without columns", judged)


def _row_problems(row: Evidence) -> list[str]:
    told = [] if row.statement.strip() else ["says nothing"]
    numbers = (row.value, row.empirical_bits, row.model_bits)
    if any(value is not None and not math.isfinite(value) for value in numbers):
        told.append("a figure that is not finite")
    if row.value is not None and (not row.unit or row.n is None):
        told.append("a value without its unit or its n")
    if not _has_bits(row):
        return told
    if row.empirical_bits is None or row.model_bits is None:
        return [*told, "only one kind of bits"]
    if not row.null_model:
        told.append("bits without the null that they are against")
    if row.empirical_bits > row.model_bits + SLACK_BITS:
        told.append(f"{row.empirical_bits:.3g} empirical bits, more than the {row.model_bits:.3g} of the model")
    if (
        row.n is not None
        and row.null_model
        and OPERATORS in row.null_model
        and row.empirical_bits > np.log2(row.n + 1) + SLACK_BITS
    ):
        told.append(
            f"{row.empirical_bits:.3g} empirical bits from {row.n} operators, "
            f"at most log2(n + 1) = {np.log2(row.n + 1):.3g}"
        )
    return told


def _has_bits(row: Evidence) -> bool:
    return row.empirical_bits is not None or row.model_bits is not None


def _bytes(finding: Finding) -> str:
    """A finding as text in which every bit of every float shows."""
    return repr(finding)
