"""From codes to the tables of the contract: ids, texts, addresses and prices of a batch of exchanges, and accounts.

Ids are keyed hashes of codes, so that neither an id nor the order of rows tells what an account is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hydrometer.base.tables import INPUTS, conform
from hydrometer.simulate import grammar, identity, networks, people
from hydrometer.simulate.mixing import hexadecimal, mix
from hydrometer.simulate.outside import OutsidePrompts
from hydrometer.simulate.outside import replace as replace_some
from hydrometer.simulate.speech import (
    CODE,
    INJECTIONS,
    INPUT_KIND,
    INPUT_MODALITIES,
    KINDS,
    OUTPUT_KIND,
    OUTPUT_MODALITIES,
    SYSTEM_STEP,
    SYSTEMS,
    TOOLSETS,
    tool_turn,
)
from hydrometer.simulate.world import Array, Columns

_EXCHANGE, _ACCOUNT, _ORGANIZATION, _KEY, _USER, _TALK, _CARD, _SIGNATURE = range(1, 9)
"""Name spaces of ids."""
_SYSTEM_TOKENS_EACH = 4
_MICRO = 1_000_000
_OPERATIONS = ("chat", "image", "audio")
"""Operation of each output modality."""
_TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Writing:
    """How codes become tables.

    Attributes:
        seed: the run's seed; ids depend on it.
        shift_us: microseconds by which all times are moved: the week in which the world plays.
        bank: bank of wordings.
        outside: real prompts that stand in for some made ones, where the user gave any.
    """

    seed: int
    shift_us: int = 0
    bank: str = "first"
    outside: OutsidePrompts | None = None


def times(values: Array, shift_us: int) -> pa.Array:
    """Microseconds as times; null where NOTHING."""
    return pa.array(values + shift_us, pa.int64(), mask=values < 0).cast(_TIME)


def names(space: int, codes: Array, seed: int) -> pa.Array:
    """Opaque ids of codes in a name space; null where the code is NOTHING."""
    return pc.if_else(pa.array(codes >= 0), hexadecimal(mix(codes, seed * 16 + space)), pa.scalar(None, pa.string()))


def account_ids(codes: Array, seed: int) -> pa.Array:
    """Ids of accounts from their codes in the world."""
    return names(_ACCOUNT, codes, seed)


def exchange_ids(codes: Array, seed: int) -> pa.Array:
    """Ids of exchanges from their codes in the world."""
    return names(_EXCHANGE, codes, seed)


def organization_ids(codes: Array, seed: int) -> pa.Array:
    """Ids of organisations from their codes in the world."""
    return names(_ORGANIZATION, codes, seed)


def _words(choices: tuple[str, ...], codes: Array) -> pa.Array:
    """A word for each code; null where it is NOTHING."""
    return pa.array(choices, pa.string()).take(pa.array(codes, pa.int64(), mask=codes < 0))


def _whole(values: Array) -> pa.Array:
    """Integers; null where NOTHING."""
    return pa.array(values.astype(np.int64), mask=values < 0)


def _real(values: Array) -> pa.Array:
    """Floats; null where NaN."""
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def _fixed_texts(kinds: tuple[str, ...], codes: Array, bank: str) -> tuple[pa.Array, Array]:
    """Fixed text of each row and its estimated tokens; texts are made once for each distinct code."""
    distinct, where = np.unique(codes, return_inverse=True)
    present = distinct >= 0
    kept = distinct[present]
    rows = {
        "kind": kept // SYSTEM_STEP,
        "language": np.zeros(len(kept), dtype=np.int64),
        "item": kept,
        "style": kept,
        "wording": kept,
        "extra": np.zeros(len(kept), dtype=np.int64),
    }
    texts = grammar.render(kinds, rows, bank).to_pylist()
    padded: list[str | None] = [None] * int((~present).sum()) + texts
    tokens = np.array([len(text) // _SYSTEM_TOKENS_EACH if text else 0 for text in padded], dtype=np.int64)
    return pa.array(padded, pa.string()).take(pa.array(where)), tokens[where]


def _input_modalities(rows: Columns) -> pa.Array:
    """List of input modalities of each row: text, and what its kind carries where it does."""
    lists = [["text"], *(["text", name] for name in INPUT_MODALITIES[1:])]
    chosen = np.where(rows["carries"], INPUT_KIND[rows["kind"]], 0)
    return pa.array(lists, pa.list_(pa.string())).take(pa.array(chosen))


def _output_modalities(kind: Array) -> pa.Array:
    """List of output modalities of each row."""
    lists = [[name] for name in OUTPUT_MODALITIES]
    return pa.array(lists, pa.list_(pa.string())).take(pa.array(OUTPUT_KIND[kind]))


def _prompts(rows: Columns, writing: Writing) -> pa.Array:
    """The prompt of each row: made words, or real ones where the user gave some, after the text that a program adds."""
    prompt = grammar.render(KINDS, rows, writing.bank)
    if writing.outside is not None:
        prompt = replace_some(prompt, KINDS, rows, writing.outside)
    meant = np.where(rows["injects_for"] >= 0, rows["builder"] == rows["injects_for"], rows["builder"] >= 0)
    before = np.where(meant | (rows["role"] < 0), rows["injected"], people.NOTHING)
    if (before < 0).all():
        return prompt
    injected, _ = _fixed_texts(INJECTIONS, before, writing.bank)
    return pc.binary_join_element_wise(injected, prompt, "\n\n", null_handling="skip")


def _conversations(rows: Columns) -> Array:
    """Number of each row's conversation; callers of the API who only put single questions name none.

    A later turn of such a caller goes on with what another account began, under its name.
    """
    single = (rows["turns"] == 1.0) & (rows["turn"] == 1) & (rows["pathway"] != identity.SUBSCRIPTION)
    return np.where(single, people.NOTHING, rows["conversation"])


def _finish(rows: Columns) -> pa.Array:
    """Finish reason of each row, null where the request failed."""
    calls = (rows["tools"] >= 0) & tool_turn(rows["kind"])
    codes = np.select([rows["status"] != 200, rows["refused"], rows["cut"], calls], [people.NOTHING, 1, 2, 3], 0)
    return _words(("stop", "refusal", "length", "tool_calls"), codes)


def _usage(rows: Columns, prompt_tokens: Array, prefix_tokens: Array) -> dict[str, pa.Array]:
    """Tokens and list price of each row; a failed request has neither."""
    failed = rows["status"] != 200
    inputs = prompt_tokens + rows["history"]
    output = np.where(rows["refused"], np.minimum(rows["output"], 40), rows["output"])
    reasoning = np.minimum(rows["reasoning"], output)
    cost = (inputs * identity.INPUT_USD[rows["model"]] + output * identity.OUTPUT_USD[rows["model"]]) / _MICRO
    cached = np.maximum(rows["cached"], np.where(rows["cached_prefix"], prefix_tokens, 0))
    thought = np.where(rows["thinking"] > 0, reasoning, people.NOTHING)
    return {
        "input_tokens": pa.array(inputs, pa.int64(), mask=failed),
        "output_tokens": pa.array(output, pa.int64(), mask=failed),
        "reasoning_tokens": pa.array(thought, pa.int64(), mask=failed | (thought < 0)),
        "cached_tokens": pa.array(np.minimum(cached, inputs), pa.int64(), mask=failed),
        "cost_usd": pa.array(np.round(cost, 6), pa.float64(), mask=failed),
    }


def _signatures(rows: Columns, seed: int) -> dict[str, pa.Array]:
    """Ids of reasoning issued with an answer, and of reasoning that the next turn hands back."""
    thinks = rows["thinking"] > 0
    issued = np.where(thinks & (rows["status"] == 200), rows["code"], people.NOTHING)
    return {
        "reasoning_signature_out": names(_SIGNATURE, issued, seed),
        "reasoning_signature_in": names(_SIGNATURE, rows["presented"], seed),
    }


def exchange_table(rows: Columns, writing: Writing) -> pa.Table:
    """A batch of exchanges as the contract's table.

    Args:
        rows: codes of each exchange joined with the traits of its account; `code` numbers exchanges, `who` accounts.
        writing: how codes become ids, times and words.
    """
    prompt = _prompts(rows, writing)
    system, system_tokens = _fixed_texts(SYSTEMS, rows["system"], writing.bank)
    prompt_tokens = pc.binary_length(prompt).to_numpy(zero_copy_only=False).astype(np.int64) // 4 + 1 + system_tokens
    columns: dict[str, Any] = {
        "exchange_id": exchange_ids(rows["code"], writing.seed),
        "sent_at": times(rows["sent"], writing.shift_us),
        **_principals(rows, writing.seed),
        "operation": pa.array(_OPERATIONS, pa.string()).take(pa.array(OUTPUT_KIND[rows["kind"]])),
        "turn": _whole(rows["turn"]),
        "system_instructions": system,
        "prompt": prompt,
        "input_modalities": _input_modalities(rows),
        "output_modalities": _output_modalities(rows["kind"]),
        **_configuration(rows),
        **_origin(rows),
        "status": _whole(rows["status"]),
        "finish_reason": _finish(rows),
        "latency_ms": pa.array(np.round(rows["latency_ms"], 1)),
        **_usage(rows, prompt_tokens, system_tokens),
        **_signatures(rows, writing.seed),
    }
    return conform(pa.table(columns), INPUTS["exchanges"])


def _principals(rows: Columns, seed: int) -> dict[str, pa.Array]:
    """Who asks: account, organisation, key, end user, pathway, conversation."""
    key = np.where(rows["pathway"] == identity.SUBSCRIPTION, people.NOTHING, rows["key"])
    return {
        "account_id": account_ids(rows["who"], seed),
        "organization_id": organization_ids(rows["organization"], seed),
        "api_key_id": names(_KEY, key, seed),
        "end_user_id": names(_USER, rows["end_user"], seed),
        "pathway": _words(identity.PATHWAYS, rows["pathway"]),
        "conversation_id": names(_TALK, _conversations(rows), seed),
    }


def _configuration(rows: Columns) -> dict[str, pa.Array]:
    """What the request asks for: model, tools, sampling, limits."""
    model = _words(identity.MODELS, rows["model"])
    results = (rows["kind"] == CODE["tool"]) * (1 + rows["item"] % 3)
    toolsets = pa.array(TOOLSETS, pa.list_(pa.string()))
    return {
        "request_model": model,
        "response_model": model,
        "tools": toolsets.take(pa.array(rows["tools"], pa.int64(), mask=rows["tools"] < 0)),
        "tool_results": _whole(np.where(rows["tools"] >= 0, results, people.NOTHING)),
        "temperature": _real(rows["temperature"]),
        "top_p": _real(rows["top_p"]),
        "max_tokens": _whole(rows["max_tokens"]),
        "choices": _whole(rows["choices"]),
        "thinking_budget": _whole(rows["thinking"]),
        "stream": pa.array(rows["stream"]),
    }


def _origin(rows: Columns) -> dict[str, pa.Array]:
    """Where the request comes from: address, network, country, client stack; headers may claim another client."""
    shown = np.where(rows["shown_client"] >= 0, rows["shown_client"], rows["client"])
    return {
        "client_ip": networks.dotted(rows["address"]),
        "asn": _whole(networks.systems(rows["address"])),
        "country": _words(networks.COUNTRIES, networks.places(rows["address"], rows["country"])),
        "user_agent": identity.user_agents(shown),
        "ja4": identity.tls_fingerprints(rows["client"]),
        "header_shape": identity.header_shapes(shown),
    }


def account_table(traits: Columns, writing: Writing) -> pa.Table:
    """All accounts as the contract's table, ordered by id."""
    seed = writing.seed
    paid = traits["card"] >= 0
    proven = traits["verification"] >= identity.PAPERS
    phoned = traits["verification"] >= identity.PHONE
    nobody = np.full(len(paid), people.NOTHING)
    ended = traits["close_reason"] >= 0
    billing = np.where(traits["billing"] >= 0, traits["billing"], traits["country"])
    phone = np.where(traits["phone"] >= 0, traits["phone"], traits["country"])
    columns: dict[str, Any] = {
        "account_id": account_ids(traits["who"], seed),
        "organization_id": organization_ids(traits["organization"], seed),
        "created_at": times(traits["created"], writing.shift_us),
        "closed_at": times(np.where(ended, traits["closed"], people.NOTHING), writing.shift_us),
        "close_reason": _words(identity.CLOSE_REASONS, traits["close_reason"]),
        "signup_ip": networks.dotted(traits["sign_up"]),
        "signup_country": _words(networks.COUNTRIES, networks.places(traits["sign_up"], traits["country"])),
        "billing_country": _words(networks.COUNTRIES, np.where(paid, billing, nobody)),
        "phone_country": _words(networks.COUNTRIES, np.where(phoned, phone, nobody)),
        "kyc_country": _words(networks.COUNTRIES, np.where(proven, traits["country"], nobody)),
        "email_domain": _words(identity.MAIL_DOMAINS, traits["mail_domain"]),
        "email_shape": _words(identity.MAIL_SHAPES, traits["mail_shape"]),
        "payment_fingerprint": names(_CARD, traits["card"], seed),
        "payment_issuer": pc.if_else(
            pa.array(paid), identity.issuer_names(traits["issuer"]), pa.scalar(None, pa.string())
        ),
        "plan": _words(identity.PLANS, traits["plan"]),
        "programme": _words(identity.PROGRAMMES, traits["programme"]),
        "verification": _words(identity.VERIFICATIONS, traits["verification"]),
        "owner": names(_ORGANIZATION, traits["owner"], seed),
    }
    return conform(pa.table(columns), INPUTS["accounts"]).sort_by("account_id")


def enforcement_table(traits: Columns, writing: Writing) -> pa.Table:
    """Bans of the week as the contract's table, ordered by time."""
    banned = np.flatnonzero(traits["close_reason"] == identity.BANNED)
    columns = {
        "account_id": account_ids(traits["who"][banned], writing.seed),
        "acted_at": times(traits["closed"][banned], writing.shift_us),
        "action": pa.array(["ban"] * len(banned), pa.string()),
        "reason": pa.array(["terms"] * len(banned), pa.string()),
    }
    return conform(pa.table(columns), INPUTS["enforcement"]).sort_by(
        [("acted_at", "ascending"), ("account_id", "ascending")]
    )
