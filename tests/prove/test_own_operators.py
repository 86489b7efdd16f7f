"""Which accounts are own benign operators, why others are left out, and what is measured of each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest

from hydrometer.base.population import LAST_OF_ALL
from hydrometer.base.tables import INPUTS
from hydrometer.base.workspace import Workspace
from hydrometer.prove.forms import FORM_ITEMS_MIN, forms
from hydrometer.prove.metadata import METADATA_FIGURES
from hydrometer.prove.own_operators import (
    CLEARED_CASE,
    IN_DOUBT,
    KNOWN,
    TOO_FEW_ACCOUNTS,
    TOO_FEW_PROMPTS,
    VERIFIED_OWNER,
    Measured,
    measure,
)
from hydrometer.prove.profile import profiles

NOTHING: dict[str, object] = {"case_id": None, "known_us": None, "doubted": False, "apart": False}
FULL, SCARCE = 6, 3
"""Prompts of each account: enough for five to reach twenty, or not."""


def fill(workspace: Workspace, accounts: Mapping[str, Mapping[str, object]], prompts: int = FULL) -> None:
    """Accounts with columns of the register, each of which sends some prompts of its own in one form."""
    rows = [{"account_id": name, **columns} for name, columns in accounts.items()]
    workspace.write("accounts", pa.Table.from_pylist(rows, schema=INPUTS["accounts"]))
    sent = [
        {"account_id": name, "sent_us": number * 1_000 + turn, "item": number * 100 + turn + 1, "opening": 7,
         "closing": number * 100 + turn + 1, "techniques": number % 2, "words": 9, "turn": 1, "output_tokens": 80,
         "tool_set": 0, "capabilities": 1, "conversation": number * 100 + turn}
        for number, name in enumerate(sorted(accounts)) for turn in range(prompts)
    ]  # fmt: skip
    workspace.write("fingerprints", pa.Table.from_pylist(sent))


def measured(workspace: Workspace, **known: Mapping[str, object]) -> Measured:
    rows = [{"account_id": name, **NOTHING, **said} for name, said in known.items()]
    return measure(workspace, pa.Table.from_pylist(rows, schema=KNOWN))


def firm(name: str, count: int = 5, **columns: object) -> dict[str, Mapping[str, object]]:
    """Accounts a firm holds openly."""
    return {f"{name}{n}": {"owner": name, **columns} for n in range(count)}


def left(found: Measured) -> list[int]:
    return [found.left_out[reason] for reason in (IN_DOUBT, TOO_FEW_ACCOUNTS, TOO_FEW_PROMPTS)]


def test_an_owner_and_a_verified_organisation_are_operators_and_others_are_not(workspace: Workspace) -> None:
    verified = {f"v{n}": {"organization_id": "org-v", "verification": "business"} for n in range(6)}
    claimed = {f"c{n}": {"organization_id": "org-c", "verification": "email"} for n in range(6)}
    fill(workspace, {**firm("o"), **verified, **claimed, **{f"s{n}": {} for n in range(6)}})
    found = measured(workspace)
    assert found.own.kinds == (VERIFIED_OWNER,) * 2 and left(found) == [0, 0, 0]


def test_accounts_of_one_cleared_case_are_one_operator_and_the_case_wins(workspace: Workspace) -> None:
    fill(workspace, {**firm("o", 10), **{f"s{n}": {} for n in range(7)}})
    case: dict[str, object] = {"case_id": "case-1"}
    found = measured(workspace, **{f"s{n}": case for n in range(5)}, o9=case, s6={"case_id": "case-2"})
    assert sorted(found.own.kinds) == [CLEARED_CASE, VERIFIED_OWNER]
    assert left(found) == [0, 1, 0]  # case-2 has one account


def test_an_operator_in_doubt_is_left_out_whole_and_single_accounts_alone(workspace: Workspace) -> None:
    fill(workspace, {**firm("d", 9), **firm("v", 6), **firm("w", 5)})
    apart: dict[str, object] = {"apart": True}
    found = measured(workspace, d3={"doubted": True}, v0=apart, w0=apart)
    assert len(found.own) == 1 and left(found) == [1, 1, 0]
    units = workspace.query("select unit from {units} where account_id like 'v%' and account_id <> 'v0' order by 1")
    wanted = profiles(workspace, [units["unit"].to_numpy()], LAST_OF_ALL)
    assert np.array_equal(found.own.profiles, wanted.values, equal_nan=True)


def test_accounts_that_send_nothing_do_not_count(workspace: Workspace) -> None:
    fill(workspace, firm("o", 5))
    rows = [{"account_id": "silent", "owner": "o"}, *workspace.read("accounts").to_pylist()]
    workspace.write("accounts", pa.Table.from_pylist(rows, schema=INPUTS["accounts"]))
    assert len(measured(workspace).own) == 1
    assert left(measured(workspace, o0={"apart": True})) == [0, 1, 0]


def test_accounts_without_a_prompt_are_too_few_and_few_prompts_are(workspace: Workspace) -> None:
    fill(workspace, firm("o"), prompts=SCARCE)
    found = measured(workspace)
    assert len(found.own) == 0 and left(found) == [0, 0, 1]
    blank = workspace.query("select * replace (if(account_id = 'o0', 0, words) as words) from {fingerprints}")
    workspace.write("fingerprints", blank)
    assert left(measured(workspace)) == [0, 1, 0]


def test_its_most_telling_form_is_measured(workspace: Workspace) -> None:
    fill(workspace, {**firm("o"), **firm("p")})
    found = measured(workspace)
    used = forms(workspace, [np.arange(5), np.arange(5, 10)], LAST_OF_ALL)
    assert FULL * 5 >= FORM_ITEMS_MIN and len(used.values) == 2
    assert np.array_equal(found.own.forms, used.values, equal_nan=True)
    workspace.write("fingerprints", workspace.query("select * replace (0 as opening) from {fingerprints}"))
    assert np.isnan(measured(workspace).own.forms).all()


@pytest.mark.parametrize(("since", "wanted"), [(None, 4_005), (4_004, 4_005), (9_000, 9_000)])
def test_an_operator_is_known_from_its_last_exchange_or_the_decision(
    workspace: Workspace, since: int | None, wanted: int
) -> None:
    fill(workspace, {f"s{n}": {} for n in range(5)})
    found = measured(workspace, **{f"s{n}": {"case_id": "x", "known_us": since} for n in range(5)})
    assert found.own.known_us.tolist() == [wanted]


def test_without_prompts_metadata_is_measured_and_nothing_else(workspace: Workspace) -> None:
    fill(workspace, firm("a") | firm("b", 4))
    with_prompts = measured(workspace)
    sent = workspace.read("fingerprints")
    nothing = pa.array([0] * len(sent), pa.int64())
    for name in ("words", "item", "opening", "closing", "techniques"):
        sent = sent.set_column(sent.column_names.index(name), name, nothing)
    workspace.write("fingerprints", sent)
    found = measured(workspace)
    assert len(found.own) == len(with_prompts.own) == 1 and left(found) == [0, 1, 0]
    assert np.isnan(found.own.profiles).all() and np.isnan(found.own.forms).all()
    assert np.array_equal(found.own.metadata, with_prompts.own.metadata, equal_nan=True)
    assert found.own.metadata.shape == (1, len(METADATA_FIGURES)) and np.isfinite(found.own.metadata).any()
    fill(workspace, firm("a"), SCARCE)
    sent = workspace.read("fingerprints")
    workspace.write("fingerprints", sent.set_column(sent.column_names.index("words"), "words", nothing[: len(sent)]))
    assert left(measured(workspace)) == [0, 0, 1]


def test_no_operator_at_all(workspace: Workspace) -> None:
    fill(workspace, {"a": {}})
    found = measured(workspace)
    assert len(found.own) == 0 and left(found) == [0, 0, 0]
