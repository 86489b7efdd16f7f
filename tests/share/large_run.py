"""A synthetic run with one campaign of as many accounts as are asked for, its figures those of its fingerprints."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tests.share.invented_run import MANIFEST, campaigns

from hydrometer.base.tables import OUTPUTS, from_rows
from hydrometer.share.dossier_recount import largest_q, posterior

CAMPAIGN = "cmp-7d20e4"
START = datetime(2026, 4, 22, tzinfo=UTC)
HOURS = 24 * 45
HASHES = (
    "client_stack", "configuration", "client_ip", "prefix", "system_prompt", "opening", "closing", "skeleton",
    "sketch_a", "sketch_b", "item", "conversation",
)  # fmt: skip
CLAUSES = 3


def fingerprints(accounts: int, each: int, draw: np.random.Generator) -> pa.Table:
    """Exchanges of the members and of a tenth as many others."""
    every = accounts + accounts // 10
    n = every * each
    who = np.arange(n) % every
    sent = round(START.timestamp() * 1e6) + draw.integers(0, HOURS * 3_600_000_000, n)
    columns: dict[str, Any] = {
        "exchange_id": pa.array([f"ex{k:09x}" for k in range(n)]),
        "account_id": pa.array([f"acc_{k:06d}" for k in range(every)]).take(pa.array(who)),
        "sent_us": sent,
        "request_model": pa.array(["large-5", "small-5"]).take(pa.array(np.arange(n) % 2)),
        "client_type": pa.array(["sdk", "ide"]).take(pa.array(who % 2)),
        "turn": np.ones(n, np.int64),
        "input_tokens": draw.integers(100, 9_000, n),
        "output_tokens": draw.integers(100, 9_000, n),
        "micro_usd": draw.integers(100, 90_000, n),
        "techniques": draw.integers(0, 8, n),
        "capabilities": draw.integers(0, 8, n),
    }
    columns |= {name: draw.integers(1, 2**40 if name == "item" else 5_000, n) for name in HASHES}
    return pa.table(columns)


def large_run(run: Path, accounts: int, each: int) -> Path:
    """The run folder."""
    (run / "state").mkdir(parents=True)
    table = fingerprints(accounts, each, np.random.default_rng(1))
    pq.write_table(table, run / "state" / "fingerprints.parquet", compression="zstd")
    mine = np.char.less(table["account_id"].to_numpy(zero_copy_only=False).astype("U10"), f"acc_{accounts:06d}")
    part = table.filter(pa.array(mine))
    attributed = pa.table({
        "exchange_id": part["exchange_id"], "campaign_id": pa.array([CAMPAIGN] * len(part)),
        "probability": np.ones(len(part)),
    })  # fmt: skip
    pq.write_table(attributed.cast(OUTPUTS["attributed"]), run / "attributed.parquet", compression="zstd")
    names = [f"acc_{k:06d}" for k in range(accounts)]
    people = pa.table({"account_id": names, "organization_id": [f"org_{k % 900}" for k in range(accounts)]})
    pq.write_table(people, run / "state" / "accounts.parquet")
    for name, rows in tables(part, names).items():
        pq.write_table(from_rows(rows, OUTPUTS[name]), run / f"{name}.parquet", compression="zstd")
    (run / "manifest.json").write_text(json.dumps(MANIFEST))
    return run


def tables(part: pa.Table, names: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The tables of the run, with facts about every account."""
    sums = {name: int(np.sum(part[name].to_numpy())) for name in ("input_tokens", "output_tokens", "micro_usd")}
    sent = part["sent_us"].to_numpy()
    first = campaigns()[0] | {
        "accounts": len(names), "exchanges": float(len(part)), "input_tokens": float(sums["input_tokens"]),
        "output_tokens": float(sums["output_tokens"]), "usd": sums["micro_usd"] / 1e6, "first_seen": moment(sent.min()),
        "last_seen": moment(sent.max()), "detectable_at": START + timedelta(hours=30), "pivot_at": None,
        "posterior": posterior(22.4, 0.01), "q_value": largest_q(22.4, [22.4], 6),
    }  # fmt: skip
    hours, counts = np.unique(sent // 3_600_000_000, return_counts=True)
    facts = [
        {
            "campaign_id": CAMPAIGN, "account_id": name, "section": "terms", "position": n, "fact": "clause_of_account",
            "clause": f"{n}.1", "state": "met", "status": "observed",
            "statement": f"{name} accepted version 3 before its first exchange of the campaign.",
        }
        for name in names for n in range(1, CLAUSES + 1)
    ]  # fmt: skip
    return {
        "campaigns": [first],
        "members": [
            {
                "campaign_id": CAMPAIGN, "account_id": name, "role": "operator", "probability": 0.99, "share": 0.97,
                "share_low": 0.9, "share_high": 1.0, "because": "shows the group's wordings (11.5 bits)",
            }
            for name in names
        ],
        "operators": [{"operator_id": "op-cmp-7d20e4", "account_id": name, "probability": 0.99} for name in names],
        "evidence": [], "links": [], "templates": [], "rejects": [], "facts": facts,
        "timeline": [
            {
                "campaign_id": CAMPAIGN, "hour": moment(hour * 3_600_000_000), "exchanges": float(number),
                "output_tokens": 1.0, "accounts": 5, "new_accounts": 0,
            }
            for hour, number in zip(hours.tolist(), counts.tolist(), strict=True)
        ],
    }  # fmt: skip


def moment(us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(us))
