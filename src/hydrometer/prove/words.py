"""What a listed group is after, in the contract's vocabulary and in one sentence: capabilities, techniques, summary.

Capabilities are those that the group asks for more often than outsiders do, most targeted first; techniques are those
that the wording shows, and the shapes of use that the counts show.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.units import bits
from hydrometer.base.workspace import Workspace
from hydrometer.prove.assembly import MILLION, Reported

SHOWN_SHARE = 0.02
"""A technique is named from this share of the group's exchanges."""
TARGET_SHARE, TARGET_LIFT = 0.05, 1.5
"""A capability is a target from this share, and this many times the outsiders' share."""
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


def background_shares(workspace: Workspace, capabilities: int) -> NDArray[np.float64]:
    """Share of all exchanges of the run that ask for each capability."""
    columns = ", ".join(f"avg((capabilities & {1 << bit} <> 0)::int)::double as c{bit}" for bit in range(capabilities))
    row = workspace.query(f"select {columns} from {{fingerprints}}").to_pylist()[0]
    return np.array([float(row[f"c{bit}"] or 0.0) for bit in range(capabilities)])


def targets(part: pa.Table, outside: NDArray[np.float64], names: tuple[str, ...]) -> list[str]:
    """Capabilities that the group asks for more than outsiders, most targeted first.

    Args:
        part: the group's attributed exchanges.
        outside: shape (capabilities,), shares among all exchanges.
        names: names of the capability bits.
    """
    shares = mask_shares(part["capabilities"].to_numpy(), part["millionths"].to_numpy().astype(np.float64), len(names))
    gain = shares - outside
    chosen = [
        bit for bit in range(len(names)) if shares[bit] >= TARGET_SHARE and shares[bit] >= TARGET_LIFT * outside[bit]
    ]
    return [names[bit] for bit in sorted(chosen, key=lambda bit: (-round(float(gain[bit]), 9), names[bit]))]


def techniques(reported: Reported, names: tuple[str, ...]) -> list[str]:
    """Techniques that the wording shows, most frequent first, then shapes of use."""
    part = reported.attributed
    shares = mask_shares(part["techniques"].to_numpy(), part["millionths"].to_numpy().astype(np.float64), len(names))
    found = [bit for bit in np.argsort(-np.round(shares, 9), kind="stable") if shares[bit] >= SHOWN_SHARE]
    result = [names[bit] for bit in found]
    _, counts = np.unique(part["account_id"].to_numpy(zero_copy_only=False).astype(str), return_counts=True)
    if any(row.signal == "urn_signature" and (row.model_bits or 0.0) > 0.0 for row in reported.verdict.judged.evidence):
        result.append("signature_replay")
    if len(counts) >= MANY_ACCOUNTS and float(np.median(counts)) <= FEW_EXCHANGES:
        result.append("low_and_slow")
    if reported.shares is not None and float(reported.shares.share.mean()) < MIXED_SHARE:
        result.append("mixed_traffic")
    return result


def summary(reported: Reported, capabilities: list[str], shown: list[str]) -> str:
    """One sentence for the top of the page."""
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
    return (
        f"{len(judged.membership.units)} accounts act as one operator ({one:.0f} bits) "
        f"and build a training set ({two:.0f} bits): {exchanges:,.0f} exchanges aimed at {aims}, by {means}."
    )
