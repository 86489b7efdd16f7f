"""What a group took in all: with what accounts that are not listed send of its wordings, as an estimate with a range.

What is listed is a lower bound, since an account is listed only where the evidence against it is strong. The estimate
is over all other accounts together, names none and alleges nothing of any. Its range reaches from what is listed to the
largest take that the members' own mix allows, with a margin for accounts that show none of the wordings.
Source: `prove/unlisted.py`; the margin is measured by `python -m bench.facts`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hydrometer.prove.assembly import attributed
from hydrometer.prove.fact import INFERRED, Fact, plural, unknown
from hydrometer.prove.facts._pricing import Priced, priced
from hydrometer.prove.facts._sums import VOLUMES, volumes
from hydrometer.prove.subject import Subject
from hydrometer.prove.unlisted import carried

UNSEEN = 0.15
"""Added to the upper end: on development worlds up to so much of a take lay with accounts that show no wording."""
METHOD = (
    "the listed accounts' take, and what other accounts send of the group's own wordings by the probability that they "
    "carry its work (two-group mixture over all of them); the middle between both readings of what members send beside "
    f"the wordings; from what is listed to the larger reading, and {UNSEEN:.0%} for accounts that show no wording"
)
LIMITS = (
    "Other hands that use the same wordings are in it, accounts that use none are not; it names no account, is alleged "
    "of none, and another listed group with the same wordings may count the same exchanges."
)
OWN_OF_PART = "select distinct u.unit from {units} u join (select distinct account_id from part) using (account_id)"


@dataclass(frozen=True, slots=True)
class Rest:
    """What lies beyond the listed accounts.

    Attributes:
        subject: the group with the others' exchanges in the place of its own.
        accounts: how many others carry its work, in expectation.
        most: the largest take that the members' mix allows, as a multiple.
    """

    subject: Subject
    accounts: float
    most: float

    def in_all(self, listed: float, beyond: float, low: float | None, half: float) -> tuple[float, float, float]:
        """(likely, least, most) of a sum.

        Args:
            listed: of the listed accounts.
            beyond: of the others.
            low: lower end of the listed accounts' range; None = the sum itself.
            half: half width of that range, in parts of the sum.
        """
        both = listed + beyond
        likely = 0.5 * (1.0 + self.most) * both
        least = min(listed if low is None else low, likely)
        return likely, least, both * self.most * (1.0 + UNSEEN) + half * listed


def rest(subject: Subject) -> Rest | None:
    """What accounts that are not listed carry of a group's work; None where it has no wordings of its own."""
    if subject.wordings is None:
        return None
    counts = subject.wordings.counts
    outside = counts.sum(axis=1) > 0
    outside[subject.around.listed] = False
    part = subject.part.select(["account_id"])
    outside[subject.workspace.query(OWN_OF_PART, part=part)["unit"].to_numpy()] = False
    units = np.flatnonzero(outside)
    found = carried(counts[subject.units], counts[units], subject.around.seed)
    if found is None:
        return None
    beyond = attributed(subject.workspace, subject.wordings.marked, units, found.cell_probability)
    return Rest(replace(subject, part=beyond, notes={}), float(found.probability.sum()), found.most)


def facts(subject: Subject, ranges: dict[str, tuple[float, float] | None], price: Priced) -> list[Fact]:
    """Rows about the take in all.

    Args:
        subject: the group.
        ranges: fact → range of the listed accounts' sum; None = unknown.
        price: list price of what is listed.
    """
    if subject.wordings is None:
        return []
    found = rest(subject)
    if found is None:
        return [
            unknown("exchanges_in_all", "The group has no wordings of its own by which others' take could be seen.")
        ]
    with subject.workspace.whole():
        beyond, beyond_usd = volumes(found.subject), priced(found.subject).usd if price.priced > 0.0 else 0.0
    rows = []
    for name, noun in VOLUMES:
        own, said = volumes(subject)[name], ranges.get(name)
        if own.known:
            low, half = (None, 0.0) if said is None else (said[0], max(said[1] / max(own.value, 1e-9) - 1.0, 0.0))
            rows.append(_row(found, f"{name}_in_all", noun, (own.value, beyond[name].value), (low, half)))
    if price.priced > 0.0:
        rows.append(_row(found, "list_price_in_all", "USD", (price.usd, beyond_usd), (None, 0.0)))
    return rows


def _row(found: Rest, name: str, noun: str, sums: tuple[float, float], spread: tuple[float | None, float]) -> Fact:
    """One sum in all; `spread` is the lower end of the listed range, and half its width in parts of the sum."""
    likely, least, most = found.in_all(*sums, *spread)
    return Fact(
        fact=name, status=INFERRED, value=likely, low=least, high=most, unit=noun, n=round(found.accounts),
        method=METHOD, source="prompt, attributed", limits=LIMITS,
        statement=f"With what accounts that are not listed send of the group's wordings it is about {likely:,.0f} "
        f"{noun} in all ({least:,.0f} to {most:,.0f}): {sums[0]:,.0f} of those listed, {sums[1]:,.0f} of about "
        f"{plural(found.accounts, 'other account')}.",
    )  # fmt: skip
