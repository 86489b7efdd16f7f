"""The invented run with a state from which its figures can be counted again, facts of every section, hostile text."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tests.share.invented_run import HOSTILE, MANIFEST, START, everything, store

from hydrometer.base.tables import FACT_SECTIONS, LISTED_LEVELS
from hydrometer.share.dossier_recount import largest_q, posterior

CAMPAIGN = "cmp-7d20e4"
EXCHANGES = 3_480
HOSTILE_MODEL = '<b onclick="x()">m</b> #set page(width: 1pt) #eval("1") $x$ \u202eevil\u2066 潮'
ADDRESS, MAIL, ORGANISATION = "198.51.100.77", "someone@example.org", "org_4711"
OWNER = "Ownership Holding Limited"
LOG_NAME = "secret-customer.jsonl"
HASH = 7_203_685_477_580_123
"""Stands for keyed hashes of addresses, clients and prompts."""
SUMMARY = f"One operator runs 60 accounts, acc_0005 among them, from {ADDRESS}; write to {MAIL} of {ORGANISATION}."


def account(n: int) -> str:
    return HOSTILE if n % 60 == 0 else f"acc_{n % 60:04d}"


def fingerprints() -> list[dict[str, Any]]:
    """Exchanges of the campaign's members, two an hour and account, and of as many other accounts."""
    rows = []
    for n in range(2 * EXCHANGES):
        mine = n < EXCHANGES
        k = n % EXCHANGES
        sent = START + timedelta(minutes=2 * k, seconds=k % 50)
        rows.append(
            {
                "exchange_id": f"ex_{k:05d}" if mine else f"other_{k:05d}",
                "account_id": account(n) if mine else f"out_{n % 200:04d}",
                "turn": 1,
                "request_model": HOSTILE_MODEL if k % 2 else "large-5",
                "input_tokens": 300 + k % 7,
                "output_tokens": 1500 + k % 11,
                "sent_us": round(sent.timestamp() * 1e6),
                "micro_usd": 20_000 + k % 13,
                "client_type": "sdk" if n % 3 else "ide",
                "client_stack": HASH + n % 40 if mine else HASH + 1000 + n % 90,
                "prefix": HASH + n % 12 if mine else HASH + 2000 + n % 150,
                "opening": HASH + n % 4 if mine else HASH + 3000 + n,
                "item": HASH + 10_000 + n,
                "techniques": 1,
                "capabilities": 2,
            }
        )
    return rows


def tables() -> dict[str, list[dict[str, Any]]]:
    """All tables of the run; volumes and posterior are those of the fingerprints."""
    found = everything()
    mine = fingerprints()[:EXCHANGES]
    hours: dict[int, int] = {}
    for one in mine:
        hours[one["sent_us"] // 3_600_000_000] = hours.get(one["sent_us"] // 3_600_000_000, 0) + 1
    first = found["campaigns"][0]
    first |= {
        "exchanges": float(EXCHANGES),
        "input_tokens": float(sum(one["input_tokens"] for one in mine)),
        "output_tokens": float(sum(one["output_tokens"] for one in mine)),
        "usd": sum(one["micro_usd"] for one in mine) / 1e6,
        "first_seen": moment(min(one["sent_us"] for one in mine)),
        "last_seen": moment(max(one["sent_us"] for one in mine)),
        "posterior": posterior(22.4, MANIFEST["prior"]),
        "q_value": largest_q(22.4, [22.4], 6),
        "summary": SUMMARY,
    }
    events = {52: "11 accounts banned", 88: f"release of {HOSTILE_MODEL}"}
    start = min(hours)
    found["timeline"] = [
        {
            "campaign_id": CAMPAIGN,
            "hour": moment(hour * 3_600_000_000),
            "exchanges": float(number),
            "output_tokens": number * 1500.0,
            "accounts": 30,
            "new_accounts": 30 if hour < start + 2 else 0,
            "event": events.get(hour - start),
        }
        for hour, number in sorted(hours.items())
    ]
    found["facts"] = facts()
    return found


def moment(us: int) -> Any:
    return START + timedelta(microseconds=us - round(START.timestamp() * 1e6))


def facts() -> list[dict[str, Any]]:
    """A fact about the group in every section, one about each of some accounts, one that says what is not shown."""
    rows = [
        {
            "campaign_id": CAMPAIGN,
            "section": section,
            "position": 1,
            "fact": f"{section}_figure",
            "subject": OWNER if section == "region" else "tool_use",
            "state": "met",
            "value": 0.62,
            "low": 0.6,
            "high": 0.64,
            "unit": "share",
            "n": EXCHANGES,
            "p_value": 0.002,
            "p_floor": 0.001,
            "status": "alleged" if section == "roadmap" else "inferred",
            "source": f"{ADDRESS}, {HOSTILE_MODEL}",
            "statement": f"62 % of {section} ({OWNER if section in ('region', 'roadmap') else 'no name'}).",
        }
        for section in FACT_SECTIONS
    ]
    rows += [
        {
            "campaign_id": CAMPAIGN,
            "account_id": f"acc_{n:04d}",
            "section": "terms",
            "position": 2,
            "fact": "accepted",
            "clause": "3.1",
            "state": "met" if n < 40 else "unknown",
            "status": "observed",
            "statement": f"acc_{n:04d} accepted version 4 on 1 March.",
        }
        for n in range(1, 55)
    ]
    rows.append(
        {
            "campaign_id": CAMPAIGN,
            "section": "impact",
            "position": 3,
            "fact": "not_shown_chips",
            "status": "inferred",
            "statement": "Who held the chips is not shown.",
        }
    )
    return rows


def evidence_run(folder: Path, **manifest: Any) -> Path:
    """The run folder, with state and with hashes of its tables."""
    said = json.loads(json.dumps(MANIFEST)) | manifest
    said["inputs"][0]["name"] = f"/home/someone/{LOG_NAME}"
    said["false_discovery"] = {"procedure": "e-BH over all groups", "level": 0.01, "groups": 6}
    said["config"] = {"prior": 0.01, "q": 0.01, "seed": 7}
    assert {one["level"] for one in tables()["campaigns"]} > set(LISTED_LEVELS) - {"confirmed"}
    run = store(folder, tables(), said)
    (run / "state").mkdir()
    pq.write_table(pa.Table.from_pylist(fingerprints()), run / "state" / "fingerprints.parquet")
    accounts: list[dict[str, Any]] = [{"account_id": account(n), "organization_id": ORGANISATION} for n in range(60)]
    accounts += [{"account_id": f"out_{n:04d}", "organization_id": None} for n in range(200)]
    pq.write_table(pa.Table.from_pylist(accounts), run / "state" / "accounts.parquet")
    seal_tables(run)
    return run


def seal_tables(run: Path) -> None:
    """Write the hashes of the run's tables into its manifest, as a scan does."""
    manifest = json.loads((run / "manifest.json").read_text())
    paths = [*run.glob("*.parquet"), *(run / "state").glob("*.parquet")]
    manifest["outputs"] = {str(one.relative_to(run)): hashlib.sha256(one.read_bytes()).hexdigest() for one in paths}
    (run / "manifest.json").write_text(json.dumps(manifest))


ACTORS_YAML = f"""
mean_correlation: 0.5
actors:
  - name: "Quillon {HOSTILE_MODEL[:2]}Labs"
    prior: 0.2
    provenance: {{source: "a public report", entered_by: "analyst K."}}
  - {{name: "Brandt Works", prior: 0.2, provenance: {{source: "partner note 7", entered_by: "analyst K."}}}}
indicators:
  - statement: "Invoices name Quillon <Labs at 198.51.100.77"
    family: payment
    ratios: {{"Quillon {HOSTILE_MODEL[:2]}Labs": 60, "Brandt Works": 0.5}}
    provenance: {{source: "billing", entered_by: "analyst K.", status: observed}}
  - statement: "Sign-ups follow their office's calendar"
    family: calendar
    ratios: {{"Quillon {HOSTILE_MODEL[:2]}Labs": 40}}
    provenance: {{source: "sign-up table", entered_by: "analyst K.", status: observed}}
corroboration:
  - {{actor: "Quillon {HOSTILE_MODEL[:2]}Labs", by: "Partner Nine", statement: "sees the same cards",
     provenance: {{source: "letter of 3 May", entered_by: "analyst K."}}}}
"""
ANSWER_YAML = """
party: "Quillon Holdings"
asked:
  - {day: 2026-04-02, by: "counsel M.", question: "What are these accounts used for?"}
answered:
  - {day: 2026-04-09, answer: "Quillon Holdings says that acc_0007 is a pilot of a customer.", source: "letter"}
decided:
  - {day: 2026-05-01, by: "Regional court", decision: "No interim measure.", source: "docket 12"}
"""
