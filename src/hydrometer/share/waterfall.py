"""Where the bars of the evidence go: one axis in bits, a block per hypothesis, a bar per piece of evidence.

Every bar starts at nought. Rows overlap (two signals may rest on the same accounts) and a test may take the mean of its
rows, so bars do not run on from each other and the page adds nothing up: the bar in a block's head is the value that
the tests of that hypothesis reached. Filled is what counted cases support (`empirical_bits`), outlined what the model
adds (`model_bits`); to the left of nought, hatched, stands what speaks against the case.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hydrometer.share.run_tables import Case, Row
from hydrometer.share.wording import HYPOTHESIS_TITLES, words

WIDTH = 320.0
"""Width of the drawing in its own units."""
MARGIN = 14.0
LONGEST_BITS = 60.0
"""End of the axis: beyond one in 10^18 a longer bar says nothing more; it ends in an arrow and the number is given."""
LONGEST_AGAINST = 20.0
"""The same to the left: one row far below nought must not squeeze all others."""
SHORTEST_BITS = 10.0
TICKS_WANTED = 6
ROWS_SHOWN = 24
"""Rows of one hypothesis on the page; the rest is counted and stands in `evidence.parquet`."""
TITLES = {
    "urn_payment": "Payment instruments",
    "urn_network": "Network addresses and ranges",
    "urn_mail": "Mail domains and forms",
    "urn_signup": "Days of sign-up",
    "urn_text": "Wording of the prompts",
    "urn_configuration": "Request configuration",
    "urn_client": "Client fingerprint",
    "urn_tools": "Tool sets",
    "urn_signature": "Signed reasoning",
    "intent": "Prompts that ask for training data",
    "intent_rank": "Such prompts, ranked among benign operators",
    "template_focus": "Prompts that are filled-in forms",
    "disjointness": "Items asked for more than once",
    "answer_dependence": "Next prompt and last answer",
    "register": "Register of authorised uses",
    "declared_owner": "Declared owner",
    "interactive_use": "Interactive use",
    "education_network": "Education network",
    "end_user_mix": "Mix of end users",
    "small_pool": "Small pool",
    "shared_clients": "Shared clients",
    "many_voices": "Many people behind an account",
    "register_purpose": "Registered for another purpose",
    "register_expired": "Use after the register entry's end",
    "register_scope": "Use outside the register entry's scope",
    "victims": "Keys of genuine customers",
    "two_hands": "Two hands in one account",
    "house_customers": "Customers of the same reseller",
}
"""What was looked at, in words that fit a finding for the case as well as one against it."""
TECHNIQUE_PREFIX = "intent_"
TOTALS = {"H1": "operator_bits", "H2": "extraction_bits"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `x` and widths in units of the drawing, left edge and length."""

    x: float
    model: float
    empirical_x: float
    empirical: float
    against: bool
    cut: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """One row of a block: what was found, in words and as a bar (null = no number)."""

    title: str
    statement: str
    null_model: str
    bits: float | None
    empirical_bits: float | None
    bar: Bar | None


@dataclass(frozen=True, slots=True)
class Block:
    """One hypothesis."""

    hypothesis: str
    title: str
    total: float | None
    bar: Bar | None
    pieces: list[Piece]
    more: int


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The whole drawing; `ticks` are (x, bits)."""

    width: float
    zero: float
    ticks: list[tuple[float, int]]
    blocks: list[Block]


def waterfall(case: Case) -> Waterfall:
    """Geometry of the evidence of one group for H1, H2 and H4; H3 has facts and no bits."""
    about_group = [row for row in case.evidence if row["account_id"] is None]
    totals = [case.campaign[column] for column in TOTALS.values()]
    every = [value for row in about_group for value in (row["model_bits"], row["empirical_bits"])] + totals
    known = [value for value in every if value is not None and math.isfinite(value)]
    low = max(-LONGEST_AGAINST, min([0.0, *known]))
    high = min(LONGEST_BITS, max([SHORTEST_BITS, *known]))
    scale = _Scale(low, high)
    return Waterfall(
        width=WIDTH,
        zero=scale.x(0.0),
        ticks=[(scale.x(tick), tick) for tick in _ticks(low, high)],
        blocks=[_block(case, about_group, hypothesis, scale) for hypothesis in ("H1", "H2", "H4")],
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Bits to units of the drawing."""

    low: float
    high: float

    def x(self, bits: float) -> float:
        """Horizontal place of a value, held inside the axis."""
        inside = min(max(bits, self.low), self.high)
        return round(MARGIN + (WIDTH - 2 * MARGIN) * (inside - self.low) / (self.high - self.low), 1)

    def bar(self, model: float | None, empirical: float | None) -> Bar | None:
        """The bar of one row; None where there is no number."""
        if model is None or not math.isfinite(model):
            return None
        zero, end = self.x(0.0), self.x(model)
        counted = zero if empirical is None else self.x(empirical)
        return Bar(
            x=min(zero, end),
            model=round(abs(end - zero), 1),
            empirical_x=min(zero, counted),
            empirical=round(abs(counted - zero), 1),
            against=model < 0,
            cut=not self.low <= model <= self.high,
        )


def _block(case: Case, about_group: list[Row], hypothesis: str, scale: _Scale) -> Block:
    """One hypothesis with its rows, strongest first."""
    rows = [row for row in about_group if row["hypothesis"] == hypothesis]
    total = case.campaign.get(TOTALS.get(hypothesis, ""))
    return Block(
        hypothesis=hypothesis,
        title=HYPOTHESIS_TITLES[hypothesis],
        total=total,
        bar=scale.bar(total, total),
        pieces=[_piece(row, scale) for row in rows[:ROWS_SHOWN]],
        more=max(0, len(rows) - ROWS_SHOWN),
    )


def _piece(row: Row, scale: _Scale) -> Piece:
    """One row of evidence."""
    return Piece(
        title=title(row["signal"]),
        statement=row["statement"] or "",
        null_model="; ".join(part for part in (row["null_model"], row["stratum"]) if part),
        bits=row["model_bits"],
        empirical_bits=row["empirical_bits"],
        bar=scale.bar(row["model_bits"], row["empirical_bits"]),
    )


def title(signal: str) -> str:
    """A signal's name as a person reads it.

    >>> title("urn_mail"), title("intent_rubric_grading"), title("k_fold")
    ('Mail domains and forms', 'Prompts with rubric grading', 'K fold')
    """
    if signal in TITLES:
        return TITLES[signal]
    if signal.startswith(TECHNIQUE_PREFIX):
        return f"Prompts with {words(signal.removeprefix(TECHNIQUE_PREFIX))}"
    return words(signal.removeprefix("urn_")).capitalize()


def _ticks(low: float, high: float) -> list[int]:
    """Whole numbers of bits on the axis, at most about `TICKS_WANTED`."""
    step = next(step for step in (2, 5, 10, 20, 50) if (high - low) / step <= TICKS_WANTED)
    return list(range(math.ceil(low / step) * step, math.floor(high) + 1, step))
