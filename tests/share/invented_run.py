"""A small invented run: two suspected campaigns, a reseller, a registered one, two undecided groups; hostile text."""

from __future__ import annotations

import json
import math
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from hydrometer.base.tables import OUTPUTS, from_rows

HOSTILE = "acc<script>alert(1)</script>\x1b[31m\u202e[bold]{{7*7}}\"'&"
START = datetime(2026, 3, 2, tzinfo=UTC)
MANIFEST: dict[str, Any] = {
    "schema_version": 1,
    "version": "0.1.0",
    "command": ["scan", "/home/someone/logs"],
    "config_sha256": "c" * 64,
    "engine": "duckdb",
    "seed": 7,
    "stage_seconds": {"collect": 1.25},
    "peak_rss_bytes": 123456789,
    "prior": 0.01,
    "benign_library": {"size": 9000, "own": 0},
    "false_discovery": {"procedure": "e-BH", "level": 0.01, "groups": 6},
    "columns_absent": ["reasoning_signature_in", "tools"],
    "detectors_abstained": [{"detector": "urn_tools", "why": "the column tools is absent"}],
    "totals": {"exchanges": 61234, "accounts": 3120},
    "inputs": [
        {
            "name": "/home/someone/logs/b.jsonl",
            "sha256": "b" * 64,
            "format": "canonical",
            "rows_read": 10,
            "rows_kept": 7,
            "rows_rejected": 2,
            "rows_duplicate": 1,
        },
        {
            "name": "logs/a.parquet",
            "sha256": "a" * 64,
            "rows_read": 61227,
            "rows_kept": 61227,
            "rows_rejected": 0,
            "rows_duplicate": 0,
        },
    ],
}


def group(campaign_id: str, rank: int, level: str, kind: str, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "campaign_id": campaign_id,
        "operator_id": f"op-{campaign_id}",
        "rank": rank,
        "kind": kind,
        "level": level,
        "q_value": 0.4,
        "operator_bits": 3.0,
        "extraction_bits": -1.5,
        "benign_p": None,
        "posterior": 0.02,
        "accounts": 2,
        "exchanges": 10.0,
        "input_tokens": 9000.0,
        "output_tokens": 22000.0,
        "usd": 3.5,
        "first_seen": START,
        "last_seen": START + timedelta(days=6),
        "detectable_at": None,
        "capabilities": [],
        "techniques": [],
        "pivot_at": None,
        "innocent_explanation": "Batch job over one table",
        "summary": None,
    }
    assert set(more) <= set(row)
    return row | more


def campaigns() -> list[dict[str, Any]]:
    return [
        group(
            "cmp-7d20e4",
            1,
            "suspected",
            "distillation",
            q_value=0.0004,
            operator_bits=61.3,
            extraction_bits=22.4,
            posterior=0.994,
            accounts=58,
            exchanges=3_480.0,
            input_tokens=1.2e6,
            output_tokens=5.4e6,
            usd=82.4,
            detectable_at=START + timedelta(hours=30),
            capabilities=["agentic_reasoning", "tool_use", "reasoning"],
            techniques=["cot_elicitation", "forced_tags"],
            pivot_at=START + timedelta(hours=92),
            innocent_explanation="Undeclared reseller",
            summary="One operator runs 58 accounts that asked 3,480 questions, mostly agentic reasoning and "
            "tool use; two accounts almost never ask for the same item. An undeclared reseller is the closest innocent "
            "explanation.",
        ),
        group(
            "cmp-02b9f1<b>",
            2,
            "suspected",
            "distillation",
            q_value=0.0071,
            operator_bits=18.2,
            extraction_bits=9.9,
            posterior=0.83,
            accounts=3,
            exchanges=96.0,
            usd=1.25,
            capabilities=["grading"],
            techniques=["rubric_grading"],
            innocent_explanation="Evaluation laboratory [red]x[/red]",
            summary="Three accounts ask for grades by one rubric.",
        ),
        group(
            "cmp-c35a08",
            3,
            "insufficient",
            "unexplained",
            q_value=0.06,
            operator_bits=9.0,
            extraction_bits=2.2,
            accounts=12,
            exchanges=940.0,
        ),
        group(
            "cmp-b7741f",
            4,
            "insufficient",
            "unexplained",
            q_value=0.4,
            innocent_explanation="Course of about 300 students",
        ),
        group(
            "cmp-91e77d",
            5,
            "benign",
            "resale",
            q_value=0.9,
            operator_bits=44.0,
            innocent_explanation="Declared reseller",
            accounts=40,
            exchanges=9120.0,
        ),
        group(
            "cmp-5f4410",
            6,
            "authorised",
            "authorised",
            q_value=0.002,
            operator_bits=30.0,
            extraction_bits=15.0,
            accounts=9,
            exchanges=2210.0,
        ),
    ]


def members() -> list[dict[str, Any]]:
    draw = random.Random(5)
    rows = []
    for n in range(60):
        role = "victim" if n == 3 else "customer" if n in (7, 11) else "operator"
        share = round(0.55 + 0.44 * draw.random(), 3) if role == "operator" else 0.31
        rows.append(
            {
                "campaign_id": "cmp-7d20e4",
                "account_id": HOSTILE if n == 0 else f"acc_{n:04d}",
                "role": role,
                "probability": round(1 - 0.0083 * n, 4),
                "share": share,
                "share_low": max(0.0, share - 0.08),
                "share_high": min(1.0, share + 0.08),
                "because": "shares a payment instrument with 11 members; same work list",
            }
        )
    for n in range(3):
        rows.append(
            {
                "campaign_id": "cmp-02b9f1<b>",
                "account_id": f"lab_{n}",
                "role": "operator",
                "probability": 0.9,
                "because": "same rubric",
            }
        )
    for n in range(12):
        rows.append(
            {
                "campaign_id": "cmp-c35a08",
                "account_id": f"und_{n}",
                "role": "operator",
                "probability": 0.6,
                "because": "same network",
            }
        )
    return rows


def piece(
    campaign: str, hypothesis: str, signal: str, bits: float | None, statement: str, **more: Any
) -> dict[str, Any]:
    empirical = None if bits is None else math.copysign(min(abs(bits), 8.1), bits)
    return {
        "campaign_id": campaign,
        "hypothesis": hypothesis,
        "signal": signal,
        "model_bits": bits,
        "bits": bits,
        "empirical_bits": empirical,
        "statement": statement,
    } | more


def evidence() -> list[dict[str, Any]]:
    first, second = "cmp-7d20e4", "cmp-02b9f1<b>"
    urn = {"null_model": "urn on held-out family, clumping eta=0.05", "stratum": "SG × pro × api"}
    return [
        piece(
            first,
            "H1",
            "urn_payment",
            74.2,
            "31 payment instruments are held by 58 accounts; chance sharing explains 2.",
            family="payment",
            **urn,
        ),
        piece(
            first,
            "H1",
            "urn_network",
            21.7,
            "44 of 58 accounts come from 6 address ranges that few others use.",
            family="network",
            **urn,
        ),
        piece(first, "H1", "urn_signup", 9.6, "41 accounts were opened on two days.", family="signup", **urn),
        piece(first, "H1", "urn_mail", -2.6, "Mail domains differ as among unrelated accounts.", family="mail", **urn),
        piece(
            first,
            "H2",
            "intent",
            14.8,
            "77 % of exchanges ask for written-out reasoning; 2 % do among ordinary operators.",
            n=3480,
            value=0.77,
            unit="share",
        ),
        piece(first, "H2", "template_focus", 6.1, "Four templates carry 92 % of the traffic."),
        piece(first, "H2", "disjointness", 3.2, "3 items were asked by two accounts; 41 are expected."),
        piece(first, "H2", "answer_dependence", -1.8, "6 % of next prompts react to the answer."),
        piece(first, "H4", "register", None, "No entry of the register covers these accounts."),
        piece(first, "H4", "end_user_mix", -1.1, "No end-user ids are sent, as resellers often do not."),
        piece(first, "H3", "policy_region", None, "41 accounts were reached from a region on the policy list."),
        piece(first, "H1", "urn_payment", 3.0, "This account shares two instruments.", account_id="acc_0001"),
        piece(
            second,
            "H1",
            "urn_text",
            18.2,
            "All begin with the same phrase <img src=//evil.example/x>.",
            family="text",
            **urn,
        ),
        piece(second, "H2", "intent", 9.9, "Every exchange asks for a grade by a rubric."),
        piece("cmp-c35a08", "H1", "urn_network", 9.0, "9 of 12 accounts share a network."),
    ]


def timeline() -> list[dict[str, Any]]:
    draw = random.Random(3)
    events = {
        52: "11 accounts banned",
        88: "release of large-5",
        89: "release of small-5",
        120: "4 accounts banned [bold]",
    }
    rows: list[dict[str, Any]] = []
    for n in range(150):
        volume = 40 / (1 + math.exp(-(n - 50) / 14)) * (0.8 + 0.4 * draw.random())
        if n not in range(60, 64):
            rows.append(
                {
                    "campaign_id": "cmp-7d20e4",
                    "hour": START + timedelta(hours=n),
                    "exchanges": volume,
                    "output_tokens": volume * 1500,
                    "accounts": 5 + n // 4,
                    "new_accounts": 6 if n in (0, 1, 55) else int(n % 3 == 0),
                    "event": events.get(n),
                }
            )
    rows.append({"campaign_id": "cmp-02b9f1<b>", "hour": START, "exchanges": 96.0, "accounts": 3, "new_accounts": 3})
    return rows


def templates() -> list[dict[str, Any]]:
    masked = (
        "You maintain <project>. A change in <file> makes <symptom>.\n"
        "Before the repair, write between {tag} and its closing tag each step."
    )
    return [
        {
            "campaign_id": "cmp-7d20e4",
            "template_id": "tf_19c",
            "masked": masked,
            "exchanges": 2680,
            "accounts": 57,
            "distinct_items": 2671,
            "share": 0.77,
            "techniques": ["cot_elicitation", "forced_tags"],
        },
        {
            "campaign_id": "cmp-7d20e4",
            "template_id": "tf_<i>",
            "masked": "</div><script>alert(2)</script>\x07 " + "x" * 900,
            "exchanges": 522,
            "accounts": 31,
            "distinct_items": 520,
            "share": 0.15,
            "techniques": [],
        },
        {
            "campaign_id": "cmp-02b9f1<b>",
            "template_id": "tf_344",
            "masked": None,
            "exchanges": 96,
            "accounts": 3,
            "distinct_items": 96,
            "share": 1.0,
            "techniques": ["rubric_grading"],
        },
    ]


def everything() -> dict[str, list[dict[str, Any]]]:
    """All tables of the invented run as rows."""
    attributed = [{"exchange_id": f"ex_{n:05d}", "campaign_id": "cmp-7d20e4", "probability": 1.0} for n in range(3480)]
    attributed += [
        {"exchange_id": f"ey_{n:05d}", "campaign_id": "cmp-02b9f1<b>", "probability": 0.96} for n in range(100)
    ]
    return {
        "campaigns": campaigns(),
        "members": members(),
        "operators": [
            {"operator_id": "op-cmp-7d20e4", "account_id": f"acc_{n:04d}", "probability": 0.9} for n in range(1, 60)
        ],
        "attributed": attributed,
        "evidence": evidence(),
        "links": [
            {
                "campaign_id": "cmp-7d20e4",
                "account_a": f"acc_{n:04d}",
                "account_b": f"acc_{n + 1:04d}",
                "layer": "payment_fingerprint",
                "family": "payment",
                "bits": 14.0 - n / 10,
                "statement": "one payment instrument that two accounts hold",
            }
            for n in range(1, 59)
        ],
        "timeline": timeline(),
        "templates": templates(),
        "facts": facts(),
        "rejects": [
            {"source": "/home/someone/b.jsonl", "position": n, "reason": why, "sha256": "d" * 64}
            for n, why in enumerate(["not JSON", "no account_id <b>"])
        ],
    }


def facts() -> list[dict[str, Any]]:
    """A few facts of the first campaign: one of each kind of row that a page tells or leaves out."""
    told: list[dict[str, Any]] = [
        {
            "section": "capabilities", "fact": "target", "subject": "coding", "value": 0.42, "low": 0.4, "high": 0.44,
            "status": "inferred", "statement": "42 % of the exchanges aim at coding, beside 4 % for others.",
        },
        {
            "section": "pivot", "fact": "release_pivot", "subject": "m-5", "state": "unknown", "status": "observed",
            "statement": "No table of releases was given.",
        },
        {
            "section": "lifecycle", "fact": "phase", "subject": "collecting", "value": 90.0, "status": "inferred",
            "starts_at": START, "ends_at": START + timedelta(days=2), "statement": "Collecting for two days.",
        },
        {
            "section": "region", "fact": "unsupported_country", "clause": "policy 3.1", "state": "met", "n": 41,
            "status": "observed",
            "statement": "41 accounts were reached from a region on the policy list; 38 of them state another one.",
        },
        {
            "section": "terms", "fact": "clause_of_account", "account_id": "acc_0007", "clause": "7.1", "state": "met",
            "n": 3, "status": "observed", "statement": "3 of 5 events <b>while</b> version v1 was in force.",
        },
    ]  # fmt: skip
    return [{"campaign_id": "cmp-7d20e4", "position": 1} | row for row in told]


def store(folder: Path, tables: dict[str, list[dict[str, Any]]], manifest: dict[str, Any]) -> Path:
    """Write tables and manifest as a run folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        pq.write_table(from_rows(rows, OUTPUTS[name]), folder / f"{name}.parquet")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
