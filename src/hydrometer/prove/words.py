"""How a listed group asks, in the contract's vocabulary, and what it is in one sentence: techniques, summary.

Techniques are those that the wording shows, and the shapes of use that the counts show; what the group is after is a
fact of its own (`facts/capabilities.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.units import bits
from hydrometer.prove.assembly import MILLION, Reported

SHOWN_SHARE = 0.02
"""A technique is named from this share of the group's exchanges."""
FEW_EXCHANGES, MANY_ACCOUNTS = 12, 50
"""`low_and_slow`: at least so many accounts with, in the median, at most so many exchanges."""
BARE = "harvest_metadata"
"""Signal of the evidence that stands where no prompt was read."""
MIXED_SHARE = 0.95
"""`mixed_traffic`: pooled share of the members' traffic below it."""


def mask_shares(masks: NDArray[np.int64], weight: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Weighted share of rows in which each bit is set; shape (count,)."""
    total = float(weight.sum()) or 1.0
    return np.array([float(weight[(masks >> bit & 1) == 1].sum()) / total for bit in range(count)])


def techniques(reported: Reported, names: tuple[str, ...]) -> list[str]:
    """Techniques that the wording shows, most frequent first, then shapes of use."""
    part = reported.attributed
    shares = mask_shares(part["techniques"].to_numpy(), part["millionths"].to_numpy().astype(np.float64), len(names))
    found = [bit for bit in np.argsort(-np.round(shares, 9), kind="stable") if shares[bit] >= SHOWN_SHARE]
    result = [names[bit] for bit in found]
    _, counts = np.unique(part["account_id"].to_numpy(zero_copy_only=False).astype(str), return_counts=True)
    judged = reported.verdict.judged
    replayed = len(judged.membership.enriched.get("reasoning_signature", ())) > 0
    if replayed and any(row.signal == "urn_signature" and (row.model_bits or 0.0) > 0.0 for row in judged.evidence):
        result.append("signature_replay")
    if len(counts) >= MANY_ACCOUNTS and float(np.median(counts)) <= FEW_EXCHANGES:
        result.append("low_and_slow")
    known = reported.shares.share if reported.shares is not None else np.zeros(0)
    if len(known) and float(known.mean()) < MIXED_SHARE:
        result.append("mixed_traffic")
    return result


def summary(reported: Reported, capabilities: list[str], shown: list[str]) -> str:
    """One sentence for the top of the page, and one about customers of the same house where there are any."""
    judged, exchanges = reported.verdict.judged, reported.totals["exchanges"] / MILLION
    one, two = bits(judged.operator_log_e or 0.0), bits(judged.extraction_log_e or 0.0)
    if any(row.signal == BARE for row in judged.evidence):
        return (
            f"{len(judged.membership.units)} accounts act as one operator ({one:.0f} bits) and, as far as metadata can "
            f"tell, build a training set ({two:.0f} bits): {exchanges:,.0f} exchanges, of which no word was read."
        )
    aims = ", ".join(word.replace("_", " ") for word in capabilities[:3]) or "no single capability"
    means = (
        ", ".join(word.replace("_", " ").replace("cot ", "chain-of-thought ") for word in shown[:3])
        or "no named technique"
    )
    stolen, guests = len(reported.victims.accounts), len(reported.customers.units)
    keys = f", use the keys of {stolen} genuine customers beside their owners," if stolen else ""
    apart = f" {guests} ordinary customers of the same reseller are no part of it." if guests else ""
    return (
        f"{len(judged.membership.units)} accounts act as one operator ({one:.0f} bits){keys} "
        f"and build a training set ({two:.0f} bits): {exchanges:,.0f} exchanges aimed at {aims}, by {means}.{apart}"
    )
