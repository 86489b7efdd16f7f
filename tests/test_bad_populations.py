"""Populations that nobody wants: the rest is answered as before, the manifest says what is odd, cost is bounded.

Each is the small world with one thing changed, scanned in a process of its own beside the unchanged one; bounds are
multiples of what that one cost, by processor time, so that they hold on a busy machine.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests.costs import Cost, scanned_apart

from hydrometer.base.tables import INPUTS
from hydrometer.simulate.run import simulate

WORLD, SEED = "gateway", 1
SINGLETONS = 100_000
KEPT = 0.9
"""Share of the members found in the unchanged world that must be found here, too."""
TIMES, BYTES_MORE = 2.0, 300 * 2**20
"""A world of about as many rows costs at most twice the time, and so much more memory."""
ROW_BYTES = 10_000
"""Memory that a row may take where there are very many more."""
Rows = list[dict[str, Any]]
Change = Callable[[Rows, Rows], None]


@dataclass(frozen=True)
class Ordinary:
    """The unchanged world, its scan, who is in the campaign, and who was found."""

    world: Path
    cost: Cost
    guilty: set[str]
    found: set[str]


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Ordinary:
    folder = tmp_path_factory.mktemp("ordinary")
    simulate(WORLD, folder / "world", seed=SEED)
    cost = scanned_apart(folder / "world" / "traffic", folder / "run")
    truth = pq.read_table(folder / "world" / "truth" / "accounts.parquet")
    guilty = set(truth.filter(pc.is_valid(truth["campaign_id"]))["account_id"].to_pylist())
    return Ordinary(folder / "world", cost, guilty, cost.listed_members())


def changed(ordinary: Ordinary, folder: Path, change: Change) -> Cost:
    """The scan of the world after a change of its exchanges and accounts; no accounts left is no table of accounts."""
    traffic = folder / "traffic"
    shutil.copytree(ordinary.world / "traffic", traffic)
    tables = {name: pq.read_table(traffic / f"{name}.parquet").to_pylist() for name in ("exchanges", "accounts")}
    change(tables["exchanges"], tables["accounts"])
    for name, rows in tables.items():
        (traffic / f"{name}.parquet").unlink()
        if rows:
            pq.write_table(pa.Table.from_pylist(rows, INPUTS[name]), traffic / f"{name}.parquet")
    return scanned_apart(traffic, folder / "run")


def answered(cost: Cost, ordinary: Ordinary) -> None:
    """Assert that the campaign is found as before, and nobody else."""
    found = cost.listed_members()
    assert len(found & ordinary.found) >= KEPT * len(ordinary.found)
    assert not found - ordinary.guilty - ordinary.found


def bounded(cost: Cost, ordinary: Ordinary) -> None:
    """Assert that it cost about what the unchanged world costs."""
    assert cost.seconds <= TIMES * ordinary.cost.seconds
    assert cost.peak_bytes <= ordinary.cost.peak_bytes + BYTES_MORE


def test_the_unchanged_world_has_something_to_find_and_nothing_to_doubt(ordinary: Ordinary) -> None:
    assert len(ordinary.found) >= 30
    assert len(ordinary.found - ordinary.guilty) <= 1
    assert ordinary.cost.manifest["input_doubts"] == {}


def test_without_a_table_of_accounts(ordinary: Ordinary, tmp_path: Path) -> None:
    cost = changed(ordinary, tmp_path, lambda exchanges, accounts: accounts.clear())
    answered(cost, ordinary)
    bounded(cost, ordinary)
    assert "payment_fingerprint" in cost.manifest["columns_absent"]["accounts"]
    assert {"urn_payment", "urn_mail", "urn_signup"} <= set(cost.manifest["detectors_abstained"])


def contradicting(exchanges: Rows, accounts: Rows) -> None:
    """A sixth of the accounts created after it sent, a sixth closed before, a sixth of another organisation or lost."""
    for number, row in enumerate(accounts):
        if number % 6 == 0:
            row["created_at"] += timedelta(days=400)
        elif number % 6 == 1:
            row["closed_at"], row["close_reason"] = row["created_at"], "unpaid"
        elif number % 6 == 2:
            row["organization_id"] = f"other {number}"
    for row in exchanges[::5]:
        row["organization_id"] = "elsewhere"
    del accounts[3::6]


def test_accounts_that_contradict_the_exchanges(ordinary: Ordinary, tmp_path: Path) -> None:
    cost = changed(ordinary, tmp_path, contradicting)
    answered(cost, ordinary)
    bounded(cost, ordinary)
    assert set(cost.manifest["input_doubts"]) == {
        "accounts_not_in_the_table", "sent_before_created", "sent_after_closed", "organization_contradicts",
    }  # fmt: skip


def one_card(exchanges: Rows, accounts: Rows) -> None:
    for row in accounts:
        row["payment_fingerprint"] = "none"


def one_address_of_sign_up(exchanges: Rows, accounts: Rows) -> None:
    for row in accounts:
        row["signup_ip"] = "10.0.0.1"


def one_conversation(exchanges: Rows, accounts: Rows) -> None:
    """Every request continues the same conversation, and hands back the same reasoning."""
    for number, row in enumerate(exchanges):
        row["conversation_id"], row["turn"] = "default", 1 + number
        row["reasoning_signature_in"], row["reasoning_signature_out"] = "redacted", None
    exchanges[0]["reasoning_signature_out"] = "redacted"


@pytest.mark.parametrize("change", [one_card, one_address_of_sign_up, one_conversation])
def test_one_thing_that_everybody_shares(ordinary: Ordinary, tmp_path: Path, change: Change) -> None:
    cost = changed(ordinary, tmp_path, change)
    answered(cost, ordinary)
    bounded(cost, ordinary)
    assert cost.manifest["input_doubts"]["identities_of_everybody"].startswith("1 of ")


def singletons(exchanges: Rows, accounts: Rows) -> None:
    """Very many accounts that send once and share nothing."""
    first = min(row["sent_at"] for row in exchanges)
    for number in range(SINGLETONS):
        exchanges.append(
            {
                "exchange_id": f"s{number}",
                "account_id": f"single {number}",
                "sent_at": first + timedelta(seconds=6 * number),
                "prompt": f"What is {number * 7_919 % 99_991} plus {number}?",
                "client_ip": f"100.{number >> 16}.{number >> 8 & 255}.{number & 255}",
                "country": "US",
                "user_agent": "curl/8",
            }
        )


def test_very_many_accounts_that_share_nothing(ordinary: Ordinary, tmp_path: Path) -> None:
    cost = changed(ordinary, tmp_path, singletons)
    answered(cost, ordinary)
    rows = cost.manifest["totals"]["exchanges"]
    assert rows > SINGLETONS
    assert cost.seconds <= ordinary.cost.seconds * rows / ordinary.cost.manifest["totals"]["exchanges"]
    assert cost.peak_bytes <= ordinary.cost.peak_bytes + BYTES_MORE + ROW_BYTES * rows


def half_of_all(exchanges: Rows, accounts: Rows) -> None:
    """One account sends as much as all others together, what they send, from addresses beside theirs."""
    first = min(row["sent_at"] for row in exchanges)
    exchanges += [
        row
        | {
            "exchange_id": f"h{number}",
            "account_id": "half",
            "conversation_id": f"h{number}",
            "prompt": f"{number} {row['prompt']}",
            "client_ip": f"100.{number >> 8 & 255}.{number & 255}.1",
            "sent_at": first + timedelta(seconds=120 * number),
        }
        for number, row in enumerate(list(exchanges))
    ]


def test_one_account_with_half_the_traffic(ordinary: Ordinary, tmp_path: Path) -> None:
    cost = changed(ordinary, tmp_path, half_of_all)
    answered(cost, ordinary)
    bounded(cost, ordinary)
    assert cost.manifest["input_doubts"]["one_account_sends_much"] == "3,800 of 7,600 exchanges are one account's"


def skewed(exchanges: Rows, accounts: Rows) -> None:
    """The clock of one pathway is 47 minutes slow, and reasoning went from another to it within ten."""
    count = Counter(row["pathway"] for row in exchanges if row["pathway"])
    other, slow = ([row for row in exchanges if row["pathway"] == way] for way, _ in count.most_common(2))
    for number, (issuing, presenting) in enumerate(zip(other[:20], slow[:20], strict=False)):
        issuing["reasoning_signature_out"] = presenting["reasoning_signature_in"] = f"carried {number}"
        presenting["sent_at"] = issuing["sent_at"] + timedelta(minutes=10)
    for row in slow:
        row["sent_at"] -= timedelta(minutes=47)


def test_clocks_that_differ_between_pathways(ordinary: Ordinary, tmp_path: Path) -> None:
    cost = changed(ordinary, tmp_path, skewed)
    answered(cost, ordinary)
    bounded(cost, ordinary)
    assert cost.manifest["input_doubts"]["presented_before_issued"].startswith("20 of ")


HOSTILE = (
    "'; drop table exchanges; --", "a\x00b", "\u202egpj.exe", "<script>alert(1)</script>", "{units}", "$last", " ",
    "x" * 100_000, "NaN", "\ue000\ufffe", "=cmd|' /c calc'!a", "../../etc/passwd", "%s%n", "\r\nset-cookie: a",
)  # fmt: skip


def hostile(exchanges: Rows, accounts: Rows) -> None:
    """Strings that were chosen to break something, wherever a client or a customer may choose."""
    for number, row in enumerate(accounts[::5]):
        for column in ("payment_fingerprint", "email_domain", "email_shape", "organization_id"):
            row[column] = HOSTILE[number % len(HOSTILE)]
    for number, row in enumerate(exchanges[::11]):
        for column in ("user_agent", "conversation_id", "reasoning_signature_in", "end_user_id", "header_shape"):
            row[column] = HOSTILE[number % len(HOSTILE)]


def test_hostile_strings_as_values(ordinary: Ordinary, tmp_path: Path) -> None:
    cost = changed(ordinary, tmp_path, hostile)
    answered(cost, ordinary)
    bounded(cost, ordinary)
    page = (cost.run / "report.html").read_text(encoding="utf-8") + (cost.run / "report.json").read_text("utf-8")
    assert not [text for text in HOSTILE if len(text) > 6 and text in page]
    assert np.isfinite([row["posterior"] for row in pq.read_table(cost.run / "campaigns.parquet").to_pylist()]).all()
