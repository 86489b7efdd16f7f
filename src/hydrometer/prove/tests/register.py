"""H4: is the group's use authorised in the provider's own register?

A group is covered when entries for data-set building name at least half of its accounts, and what it does lies within
their time and scope (`prove/authorisation.py`). The register is the one proof of innocence that needs no statistics.
Source: the contract, `register.yaml`; mission table, row 60.
"""

from __future__ import annotations

from hydrometer.base.cases import Case, Evidence, Finding, Test
from hydrometer.prove.authorisation import authorisation


def judge(case: Case) -> Finding:
    """The explanation, where the register covers the group."""
    found = authorisation(case)
    if not found.covered:
        return Finding()
    purposes = ", ".join(found.purposes)
    said = f"{found.building} of {found.accounts} accounts are in the register of authorised uses ({purposes})."
    share = found.building / found.accounts
    row = Evidence("H4", "register", None, share, "share of accounts", found.accounts, None, None, None, None, said)
    return Finding(None, (row,), f"authorised in the register: {purposes}", "authorised")


TEST = Test(
    name="register",
    hypothesis="H4",
    role="authorisation",
    judge=judge,
    source="contract, section 1",
    benign_twins=("authorised_distiller",),
)
