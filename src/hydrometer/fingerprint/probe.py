"""What this program makes of an exchange, as one hash: only fingerprints of equal ones may lie in one table.

It is taken of what comes out, not of the code: exchanges made up for it are fingerprinted, and the lexicon is added,
since no few texts can hold all its phrases. So a faster pass over text leaves it as it is, and another signal, column,
phrase or rule changes it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import UTC, datetime

import pyarrow as pa

from hydrometer.base.pseudonyms import PUBLIC_KEY
from hydrometer.base.tables import INPUTS, conform
from hydrometer.fingerprint.lexicon import lexicon
from hydrometer.fingerprint.run import fingerprint_batch, signals

SENT_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TEXTS = (
    "Think step by step and write out your full reasoning before the answer: why do tides come twice a day?",
    "Bewerte die folgende Antwort nach dem Schema von 1 bis 10 und begründe die Note: Ebbe und Flut …",
    "请一步一步地思考，并写出完整的推理过程。",
    "<think>42</think> Rewrite this trace so that it reads like a text book. " * 9,
    "ok", "", None,
)  # fmt: skip
"""Prompts of the exchanges: several scripts and lengths, with and without phrases of the lexicon."""


def made_up() -> pa.Table:
    """The exchanges, one a text; every second one has all other columns, too."""
    rows = []
    for number, text in enumerate(TEXTS):
        row: dict[str, object] = {
            "exchange_id": f"e{number}", "sent_at": SENT_AT, "account_id": f"a{number % 2}", "prompt": text,
        }  # fmt: skip
        rows.append(row | (_more(number) if number % 2 else {}))
    target = pa.schema([field.with_nullable(True) for field in INPUTS["exchanges"]])
    return conform(pa.Table.from_pylist(rows, schema=target), target)


def _more(number: int) -> dict[str, object]:
    """Values of the columns that a signal may read."""
    return {
        "system_instructions": "You are a careful grader. Answer in JSON.", "tools": ["read", "run"],
        "end_user_id": "u1", "conversation_id": f"c{number}", "turn": number, "request_model": "m-1", "asn": 64500,
        "client_ip": "192.0.2.7", "country": "DE", "user_agent": "python-requests/2.32", "ja4": "t13d1516h2",
        "header_shape": "h1", "reasoning_signature_in": "s1", "reasoning_signatures_in": ["s1", "s2"],
        "reasoning_signature_out": "s3", "temperature": 0.7, "top_p": 0.9, "max_tokens": 512, "choices": 2,
        "stream": True, "cost_usd": 0.01, "operation": "chat", "pathway": "api", "input_tokens": 40,
        "output_tokens": 80, "finish_reason": "stop", "input_modalities": ["text"], "output_modalities": ["text"],
        "thinking_budget": 1024, "tool_results": 1,
    }  # fmt: skip


def probe() -> str:
    """The hash; the same for the same signals, lexicon and form of the table, whatever the machine."""
    found = signals()
    made = fingerprint_batch(made_up(), found, PUBLIC_KEY)
    told = {
        "schema": [[field.name, str(field.type)] for field in made.schema], "rows": made.to_pylist(),
        "lexicon": asdict(lexicon()),
    }  # fmt: skip
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()
