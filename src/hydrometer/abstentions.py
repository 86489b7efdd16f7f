"""Says which detectors cannot look because the logs lack their columns: for the manifest and for `map explain`.

It lies beside the pipeline because it needs facts of two rooms: what a signal reads (fingerprint) and which families
the register of accounts feeds (base). A detector with several columns to choose from abstains where all are absent.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from hydrometer.base.families import FAMILIES
from hydrometer.fingerprint.run import abstaining, signals

REGISTER_COLUMNS = {
    "payment": ("payment_fingerprint",), "network": ("client_ip", "signup_ip"), "mail": ("email_domain",),
    "signup": ("created_at",),
}  # fmt: skip
"""Family whose entities come from the register of accounts, with the columns of which one is enough."""
ANSWER_DEPENDENCE_COLUMNS = ("conversation_id", "turn", "output_tokens", "prompt")
"""Columns that the test of answer dependence needs all of."""
PROMPT_TESTS = ("disjointness", "harvest", "harvest_form", "template_focus")
"""Tests of H2 that look at prompts alone; without any `harvest_metadata` looks."""
OWN_LIBRARY = "own_benign_library"
WITHOUT_PROMPTS = "without prompts no group is ranked among own operators alone: benign_p is null, nothing is confirmed"
NOT_IN_THIS_VERSION = {
    OWN_LIBRARY: "the library of benign operators is simulated: benign_p is null, nothing is confirmed",
}
"""Detectors that abstain whatever the logs hold; only without own operators."""
TABLES_NEEDED = {
    "release_pivot": ("releases",), "terms": ("terms", "acceptances"), "roadmap": ("actor_timeline",),
}  # fmt: skip
"""Sections of facts that need tables beside the traffic, with the tables."""


def always_abstaining(own: int, *, prompts: bool = True) -> dict[str, str]:
    """Detector → why it cannot look, whatever the logs hold.

    Args:
        own: number of the provider's own benign operators in the library.
        prompts: whether any prompt is known.
    """
    said = {name: why for name, why in NOT_IN_THIS_VERSION.items() if not (own and name == OWN_LIBRARY)}
    return said | ({OWN_LIBRARY: WITHOUT_PROMPTS} if own and not prompts else {})


def without_tables(given: Container[str]) -> dict[str, str]:
    """Section of facts → why it cannot look: the tables beside the traffic that it needs and that were not given.

    >>> without_tables({"releases", "terms", "acceptances"})
    {'roadmap': 'no table actor_timeline'}
    """
    lacking = {name: [table for table in tables if table not in given] for name, tables in TABLES_NEEDED.items()}
    return {name: f"no table {', '.join(tables)}" for name, tables in lacking.items() if tables}


def abstentions(absent_exchange_columns: Iterable[str], absent_account_columns: Iterable[str]) -> dict[str, str]:
    """Detector → why it cannot look at these logs, by name of the detector.

    Args:
        absent_exchange_columns: canonical columns of `exchanges` that no input fills.
        absent_account_columns: the same of `accounts`.
    """
    of_exchanges = tuple(absent_exchange_columns)
    absent = {*of_exchanges, *absent_account_columns}
    said = {name: _none_of(columns) for name, columns in abstaining(signals(), of_exchanges).items()}
    for family in FAMILIES:
        columns = REGISTER_COLUMNS.get(family.name)
        if columns is not None and set(columns) <= absent:
            said[f"urn_{family.name}"] = _none_of(columns)
    if "prompt" in absent:
        said |= dict.fromkeys(PROMPT_TESTS, _none_of(("prompt",)))
    lacking = [column for column in ANSWER_DEPENDENCE_COLUMNS if column in absent]
    if lacking:
        said["answer_dependence"] = f"needs {', '.join(ANSWER_DEPENDENCE_COLUMNS)}; absent: {', '.join(lacking)}"
    return dict(sorted(said.items()))


def _none_of(columns: Iterable[str]) -> str:
    return f"no column of {', '.join(columns)}"
