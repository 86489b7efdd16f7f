"""What the tables say of victims and customers: rows of `members` and `evidence`, in words that nobody acts wrongly on.

A victim's key is to be rotated and its owner told; the account is the owner's. A customer is to be left alone.
"""

from __future__ import annotations

import numpy as np

from hydrometer.base.safe_text import printable
from hydrometer.base.units import bits
from hydrometer.base.workspace import Workspace
from hydrometer.prove.assembly import Reported
from hydrometer.prove.foreign import KEYS, PLACE_LAYERS

PLACES = {
    "client_ip": ("address", "addresses"), "prefix": ("network prefix", "network prefixes"),
    "client_stack": ("client stack", "client stacks"),
}  # fmt: skip
"""What a layer's places are called, one and several."""
KEYS_NAMED, KEY_LETTERS = 3, 48
NULL_MODEL = "one hand: on any day, what looks like the campaign's comes from anywhere that the account sends from"


def victim_rows(workspace: Workspace, reported: Reported) -> list[dict[str, object]]:
    """Rows of `members` of the accounts whose key the campaign uses."""
    found = reported.victims
    keys = keys_used(workspace, reported)
    places = _places(reported)
    return [
        {
            "campaign_id": reported.verdict.campaign_id, "account_id": account, "role": "victim",
            "probability": float(found.probability[row]), "share": float(found.share[row]),
            "share_low": float(found.low[row]), "share_high": float(found.high[row]),
            "because":
                f"a victim: on the same days the campaign's requests and its owner's come from different places "
                f"({places[account]}, {bits(float(found.log_e[row])):.1f} bits), so two hands use it; "
                f"{keys.get(account, 'rotate its keys')} and tell the owner, whose account it is",
        }
        for row, account in enumerate(found.accounts)
    ]  # fmt: skip


def customer_rows(reported: Reported, accounts: list[list[str]]) -> list[dict[str, object]]:
    """Rows of `members` of the ordinary customers of the house that the campaign is in."""
    return [
        {
            "campaign_id": reported.verdict.campaign_id, "account_id": account, "role": "customer",
            "probability": float(reported.customers.probability[row]), "share": 0.0, "share_low": 0.0,
            "share_high": 0.0,
            "because": "pays with a card of the campaign's accounts and sends nothing of theirs; leave it alone",
        }
        for row, unit in enumerate(reported.customers.units)
        for account in accounts[int(unit)]
    ]  # fmt: skip


def role_evidence(reported: Reported, accounts: list[list[str]]) -> list[dict[str, object]]:
    """Rows of `evidence` about victims, each and together, and about customers together."""
    found, guests = reported.victims, reported.customers
    rows = [_victim(reported, place) for place in range(len(found.accounts))]
    if found.accounts:
        addressed = len(set(zip(found.away["layer"].to_pylist(), found.away["place"].to_pylist(), strict=True)))
        rows.append(_group(
            reported, "victims", float(len(found.accounts)), found.candidates,
            f"{len(found.accounts)} accounts are genuine customers' whose key the campaign uses from {addressed} "
            f"places of its own, of {found.candidates} that are seen there and elsewhere. Their owners are not "
            "suspected: rotate the keys, tell the owners.",
        ))  # fmt: skip
    if len(guests.units):
        count = sum(len(accounts[int(unit)]) for unit in guests.units)
        rows.append(_group(
            reported, "house_customers", float(count), count,
            f"{count} accounts pay with cards of the campaign's accounts and send nothing of what they send: ordinary "
            "customers of the same reseller, not suspected.",
        ))  # fmt: skip
    return rows


def keys_used(workspace: Workspace, reported: Reported) -> dict[str, str]:
    """What to do about the keys that each victim's foreign exchanges used; nothing where no key is known."""
    rows = workspace.query(KEYS, sent=reported.victims.sent).to_pylist() if reported.victims.accounts else []
    keys: dict[str, list[str]] = {}
    for row in rows:
        keys.setdefault(row["account_id"], []).append(printable(row["key"], KEY_LETTERS))
    return {
        account: f"rotate key {', '.join(some[:KEYS_NAMED])}"
        + (f" and {len(some) - KEYS_NAMED} more" if len(some) > KEYS_NAMED else "")
        for account, some in keys.items()
    }


def _places(reported: Reported) -> dict[str, str]:
    """How many foreign places of which kind each victim's key is used from, in words."""
    counted: dict[str, dict[int, int]] = {}
    for row in reported.victims.away.to_pylist():
        layers = counted.setdefault(row["account_id"], {})
        layers[row["layer"]] = layers.get(row["layer"], 0) + 1
    return {
        account: ", ".join(
            f"{layers[number]} {PLACES[PLACE_LAYERS[number]][layers[number] > 1]}" for number in sorted(layers)
        )
        for account, layers in counted.items()
    }


def _victim(reported: Reported, row: int) -> dict[str, object]:
    """One victim's row of evidence."""
    found = reported.victims
    strength = bits(float(found.log_e[row]))
    away = round(float(found.share[row]) * int(found.exchanges[row]))
    return {
        "campaign_id": reported.verdict.campaign_id, "account_id": found.accounts[row], "hypothesis": "H4",
        "signal": "two_hands", "family": "network", "value": float(found.share[row]), "unit": "share of exchanges",
        "n": int(found.exchanges[row]), "null_model": NULL_MODEL, "stratum": "days",
        "empirical_bits": min(strength, float(np.log2(found.candidates + 1))), "model_bits": strength, "bits": strength,
        "statement":
            f"{away} of {int(found.exchanges[row])} exchanges came from places that other accounts use for the "
            "campaign; the others came from elsewhere and ask for other things, before and beside them: two hands in "
            "one account.",
    }  # fmt: skip


def _group(reported: Reported, signal: str, value: float, n: int, statement: str) -> dict[str, object]:
    """A row about the group."""
    return {
        "campaign_id": reported.verdict.campaign_id, "account_id": None, "hypothesis": "H4", "signal": signal,
        "family": None, "value": value, "unit": "accounts", "n": n, "null_model": None, "stratum": None,
        "empirical_bits": None, "model_bits": None, "bits": None, "statement": statement,
    }  # fmt: skip
