"""H4: does the register name the group, and yet not cover what it does: after its end, outside its scope or purpose?

What the provider has written down about an organisation also limits it: such a group is listed like any other where the
evidence is there, whoever stands behind it, and its report says what was allowed. One that is not listed does what it
may.
Source: mission table, row 60 (an exemption used outside its scope alerts).
"""

from __future__ import annotations

from hydrometer.base.cases import Case, Evidence, Finding, Test
from hydrometer.prove.authorisation import Authorisation, authorisation


def judge(case: Case) -> Finding:
    """What the register allows, and how much of the group's use lies beyond it."""
    found = authorisation(case)
    purposes = ", ".join(found.purposes)
    if found.otherwise:
        words = f"in the register for {purposes}, which covers no training set"
        share = (found.building + found.other) / found.accounts
        row = _row("register_purpose", share, "share of accounts", found.accounts, f"The group is {words}.")
        return Finding(None, (row,), words, "authorised")
    if not found.named or found.covered:
        return Finding()
    rows = tuple(row for row in (_late(found), _outside(found)) if row)
    words = f"authorised in the register for {purposes}, but used beyond it"
    return Finding(None, rows, words, "benign")


def _late(found: Authorisation) -> Evidence | None:
    """Use after the end of the last entry."""
    if not found.goes_on:
        return None
    ended = f"{found.until:%d %b %Y}".lstrip("0") if found.until else "earlier"
    said = f"Its authorisation ended ({ended}); {found.late} of {found.exchanges} exchanges came after that."
    return _row("register_expired", found.late / found.exchanges, "share of exchanges", found.exchanges, said)


def _outside(found: Authorisation) -> Evidence | None:
    """Use outside the scope of its entries."""
    if not found.beyond_scope:
        return None
    said = f"{found.outside} of {found.asked} exchanges aimed at a capability are outside its authorisation's scope."
    return _row("register_scope", found.outside / found.asked, "share of exchanges", found.asked, said)


def _row(signal: str, value: float, unit: str, n: int, said: str) -> Evidence:
    return Evidence("H4", signal, None, value, unit, n, None, None, None, None, said)


TEST = Test(
    name="beyond_register",
    hypothesis="H4",
    role="explanation",
    judge=judge,
    source="contract, section 1; mission table, row 60",
    benign_twins=("authorised_distiller", "authorised_reseller"),
)
