"""Numbers, times and words as a person reads them: thin groups of three, true minus, "1 in N", no false precision.

Files say `suspected`, people read "evidence": a group is confirmed only when a named person decided so, and a page
written by a program must not claim that. Marks double every colour so that the page can be read in greyscale.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta

from hydrometer.base.tables import LISTED_LEVELS

THIN = "\u202f"
"""Narrow no-break space between groups of three digits."""
MINUS = "\u2212"
NOTHING = "–"
SMALLEST_Q = 1e-9
"""Below it a false-discovery rate is only said to be below it: decisions are taken on values rounded to this."""
SIGNIFICANT_DIGITS = 2
HOURS_SHOWN = 48.0
"""Longest span that is said in hours; longer ones are said in days."""
MILLION = 1_000_000

LEVEL_MARKS = {"confirmed": "●", "suspected": "◐", "insufficient": "◌", "benign": "–", "authorised": "✓"}
LEVEL_WORDS = {
    "confirmed": "strong evidence",
    "suspected": "evidence",
    "insufficient": "not decided",
    "benign": "innocent explanation fits",
    "authorised": "covered by the register",
}
ROLE_MARKS = {"operator": "●", "victim": "■", "customer": "◇"}
ROLE_ADVICE = {
    "victim": "a genuine customer whose key is used: rotate the key, tell the owner, leave the account open",
    "customer": "an ordinary customer of the same reseller: leave alone",
}
"""What a role that is nobody's fault means for whoever acts."""
ROLE_RELATIONS = {"victim": "a victim of", "customer": "a bystander of"}
"""How an account of such a role stands to the group that it is named with."""
HYPOTHESIS_TITLES = {
    "H1": "One operator runs these accounts",
    "H2": "They build a data set",
    "H3": "Policy facts",
    "H4": "Innocent explanations",
}
_SPACED = re.compile(r" +([.,;:!?](?= |$))")
_SLOT = re.compile(r"(<[A-Za-z_][\w :.#-]*>|\{[A-Za-z_][\w :.#-]*\}|⟨[^⟩]*⟩|\[[A-Z_]{2,}\])")


def count(value: float | None) -> str:
    """A number of things in thin groups of three; null is a dash, never a nought.

    >>> count(1234567.0) == f"1{THIN}234{THIN}567", count(None)
    (True, '–')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{value:,.0f}".replace("-", MINUS).replace(",", THIN)


def usd(value: float | None) -> str:
    """Money; cents only below ten dollars.

    >>> usd(3.5), usd(None)
    ('$3.50', '–')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"${value:.2f}" if abs(value) < 10 and round(value, 2) != round(value) else f"${count(value)}"


def bits(value: float | None, signed: bool = True) -> str:
    """Bits with one digit and a true sign.

    >>> bits(14.23), bits(-2.61) == f"{MINUS}2.6", bits(None)
    ('+14.2', True, '–')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    rounded = round(value, 1) + 0.0
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return f"{sign}{abs(rounded):,.1f}".replace(",", THIN)


def one_in(q_value: float | None) -> str:
    """A rate as "1 in N", N rounded down to two digits so that nothing is claimed that was not shown.

    >>> one_in(0.004), one_in(0.0087), one_in(1.0)
    ('1 in 250', '1 in 110', '1 in 1')
    """
    if q_value is None or not math.isfinite(q_value):
        return NOTHING
    if q_value < SMALLEST_Q:
        return f"1 in {count(1 / SMALLEST_Q)} or fewer"
    exact = 1 / min(q_value, 1.0) * (1 + 1e-12)
    scale = 10 ** max(0, math.floor(math.log10(exact)) - SIGNIFICANT_DIGITS + 1)
    return f"1 in {count(math.floor(exact / scale) * scale)}"


def fraction(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """A probability or share, with its range where there is one.

    >>> fraction(0.5), fraction(0.5, 0.4, 0.61), fraction(0.9999)
    ('0.50', '0.50 (0.40–0.61)', '> 0.99')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    said = "> 0.99" if 0.995 <= value < 1 else "< 0.01" if 0 < value < 0.005 else f"{value:.2f}"
    return said if low is None or high is None else f"{said} ({low:.2f}–{high:.2f})"


def at_prior_odds_times(factor: float, posterior: float) -> float:
    """The posterior if the prior odds were `factor` times what they are.

    >>> round(at_prior_odds_times(0.1, 0.5), 3), at_prior_odds_times(0.1, 1.0)
    (0.091, 1.0)
    """
    if not 0 < posterior < 1:
        return posterior
    odds = posterior / (1 - posterior) * factor
    return odds / (1 + odds)


def moment(when: datetime | None) -> str:
    """A time to the minute, in UTC.

    >>> moment(datetime(2026, 3, 2, 16, 5)), moment(None)
    ('2 Mar 2026 16:05', '–')
    """
    return NOTHING if when is None else f"{when.day} {when:%b %Y %H:%M}"


def day(when: datetime) -> str:
    """A day on an axis.

    >>> day(datetime(2026, 3, 2, 16, 5))
    '2 Mar'
    """
    return f"{when.day} {when:%b}"


def span(length: timedelta | None) -> str:
    """A duration in hours, or in days where it is long.

    >>> span(timedelta(hours=6)), span(timedelta(days=3, hours=12))
    ('6 h', '3.5 d')
    """
    if length is None:
        return NOTHING
    hours = length.total_seconds() / 3600
    return (
        f"{hours:.1f}".removesuffix(".0") + " h"
        if hours <= HOURS_SHOWN
        else f"{hours / 24:.1f}".removesuffix(".0") + " d"
    )


def plural(number: float | None, thing: str) -> str:
    """A count with its noun.

    >>> plural(1, "account"), plural(2, "account")
    ('1 account', '2 accounts')
    """
    return f"{count(number)} {thing}" if number == 1 else f"{count(number)} {thing}s"


def words(name: str | None) -> str:
    """A word of the vocabulary without its underscores.

    >>> words("tool_use")
    'tool use'
    """
    return NOTHING if name is None else name.replace("_", " ")


def slots(masked: str | None) -> list[tuple[str, bool]]:
    """A masked template cut into pieces, each with whether it is a slot.

    >>> slots("Solve <number> now")
    [('Solve ', False), ('<number>', True), (' now', False)]
    """
    return [(piece, bool(_SLOT.fullmatch(piece))) for piece in _SLOT.split(tidy(masked or "")) if piece]


def tidy(masked: str) -> str:
    """A masked template without the spaces that cutting it into words put before its punctuation.

    >>> tidy("Field : ⟨…⟩ . Name it , please .")
    'Field: ⟨…⟩. Name it, please.'
    """
    return _SPACED.sub(r"\1", masked)


def error(level: str, q_value: float | None) -> str:
    """What a listed group's q-value promises; of a group that is not listed it promises nothing.

    >>> error("suspected", 0.004), error("benign", 1.0)
    ('at most 1 in 250 such findings is expected to be false', 'not listed as a finding')
    """
    if level not in LISTED_LEVELS:
        return "not listed as a finding"
    return f"at most {one_in(q_value)} such findings is expected to be false"
