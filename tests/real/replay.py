"""Turns a world's exchanges into real HTTP requests to a gateway, and sends them with bounded concurrency.

Each account gets one key. What a client would send is sent: address (as the edge's X-Forwarded-For), user agent, TLS
fingerprint (as the edge's x-ja4), SDK headers, system prompt, earlier turns (abbreviated), tools with their results,
sampling parameters, end user and session. Event times cannot be replayed, since a gateway stamps the present: a week
becomes minutes, and only order and rates relative to each other remain.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from tests.real.upstream import digest

EARLIER_CHARACTERS = 200
"""Earlier turns are cut to this length."""
EARLIER_TURNS = 6
CONNECTIONS = 8
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
"""An image of one pixel, for requests that carry one."""
SDK = re.compile(r"(?:Async)?OpenAI/(Python|JS|Go|Java) (\S+)")
"""User agents of the SDKs that send `x-stainless-` headers: language and version."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a gateway.

    Args:
        exchange_id: the world's id of the exchange.
        account_id: the world's id of the account.
        organization_id: the provider's grouping of accounts, where the world has one.
        headers: names and values as they go over the wire, in order.
        body: the JSON body of a chat completion.
        status: HTTP status that the model server answers with.
    """

    exchange_id: str
    account_id: str
    organization_id: str | None
    headers: dict[str, str]
    body: dict[str, Any]
    status: int = 200


def exchanges(traffic: Path) -> list[dict[str, Any]]:
    """The world's exchanges in the order in which they were sent."""
    return pq.read_table(traffic / "exchanges.parquet").sort_by([("sent_at", "ascending")]).to_pylist()


def key_of(account_id: str) -> str:
    """The API key of an account; the gateway's log holds only its hash."""
    return "sk-" + hashlib.sha256(b"key of " + account_id.encode()).hexdigest()[:48]


def hash_of(account_id: str) -> str:
    """What LiteLLM writes in place of an account's key."""
    return hashlib.sha256(key_of(account_id).encode()).hexdigest()


def calls(rows: list[dict[str, Any]]) -> list[Call]:
    """The requests of a world, in order."""
    earlier: dict[tuple[str, str], list[str]] = defaultdict(list)
    made = []
    for row in rows:
        thread = earlier[row["account_id"], row["conversation_id"] or row["exchange_id"]]
        body = _body(row, thread)
        thread.append((row["prompt"] or "")[:EARLIER_CHARACTERS])
        made.append(
            Call(
                row["exchange_id"], row["account_id"], row["organization_id"], _headers(row), body, row["status"] or 200
            )
        )
    return made


def answers(rows: list[dict[str, Any]], path: Path) -> None:
    """Write what the upstream shall answer to each request."""
    kept = "input_tokens output_tokens reasoning_tokens cached_tokens finish_reason status".split()
    with path.open("w", encoding="utf-8") as lines:
        for row in rows:
            content = row["response"] or " ".join(["word"] * int(row["output_tokens"] or 1))
            answer = {name: row[name] for name in kept} | {"question": digest(row["prompt"] or ""), "content": content}
            lines.write(json.dumps(answer) + "\n")


def _headers(row: dict[str, Any]) -> dict[str, str]:
    """Headers of one request as the gateway sees them behind its edge."""
    agent = row["user_agent"] or ""
    sdk = SDK.match(agent)
    named = {
        "authorization": f"Bearer {key_of(row['account_id'])}",
        "content-type": "application/json",
        "user-agent": agent,
        "x-forwarded-for": row["client_ip"],
        "x-ja4": row["ja4"],
        "x-stainless-lang": sdk[1].lower() if sdk else None,
        "x-stainless-package-version": sdk[2] if sdk else None,
    }
    return {name: _plain(value) for name, value in named.items() if value}


def _plain(value: str) -> str:
    """A header value without what would end the header."""
    return value.encode("latin-1", "replace").decode("latin-1").replace("\r", " ").replace("\n", " ")


def _body(row: dict[str, Any], thread: list[str]) -> dict[str, Any]:
    """The body of one chat completion."""
    given = {
        "temperature": row["temperature"],
        "top_p": row["top_p"],
        "max_tokens": row["max_tokens"],
        "n": row["choices"],
        "user": row["end_user_id"],
        "metadata": {"session_id": row["conversation_id"]} if row["conversation_id"] else None,
        "tools": [_tool(name) for name in row["tools"] or []] or None,
    }
    body = {"model": row["request_model"], "messages": _messages(row, thread)}
    body |= {name: value for name, value in given.items() if value is not None}
    if row["stream"]:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return body


def _messages(row: dict[str, Any], thread: list[str]) -> list[dict[str, Any]]:
    """System prompt, the last earlier turns, the newest user turn, results of tools."""
    messages: list[dict[str, Any]] = []
    if row["system_instructions"]:
        messages.append({"role": "system", "content": row["system_instructions"]})
    for text in thread[-EARLIER_TURNS:]:
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": "Answered."}]
    prompt: Any = row["prompt"] or ""
    if "image" in (row["input_modalities"] or []):
        prompt = [{"type": "text", "text": prompt}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    messages.append({"role": "user", "content": prompt})
    names = row["tools"] or []
    results = int(row["tool_results"] or 0) if names else 0
    if results:
        uses = [_use(place, names[place % len(names)]) for place in range(results)]
        messages.append({"role": "assistant", "content": None, "tool_calls": uses})
        messages += [{"role": "tool", "tool_call_id": use["id"], "content": "done"} for use in uses]
    return messages


def _tool(name: str) -> dict[str, Any]:
    """Definition of a tool of which only the name matters."""
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}


def _use(place: int, name: str) -> dict[str, Any]:
    """One use of a tool by the model in an earlier step."""
    return {"id": f"call_{place}", "type": "function", "function": {"name": name, "arguments": "{}"}}


async def send(port: int, requests: list[Call], path: str = "/v1/chat/completions") -> list[int]:
    """Send requests over a few open connections and give the status of each, in order."""
    statuses = [0] * len(requests)
    queue = iter(enumerate(requests))
    await asyncio.gather(*(_worker(port, path, queue, statuses) for _ in range(min(CONNECTIONS, len(requests)))))
    return statuses


async def _worker(port: int, path: str, queue: Iterator[tuple[int, Call]], statuses: list[int]) -> None:
    """One connection that takes request after request from the queue."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    try:
        for place, call in queue:
            content = json.dumps(call.body).encode()
            head = [f"POST {path} HTTP/1.1", f"host: 127.0.0.1:{port}", f"content-length: {len(content)}"]
            head += [f"{name}: {value}" for name, value in call.headers.items()]
            writer.write("\r\n".join([*head, "", ""]).encode("latin-1") + content)
            await writer.drain()
            statuses[place] = await _answer(reader)
    finally:
        writer.close()
        await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader) -> int:
    """Status of one answer; its body is read and dropped."""
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
    headers = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    else:
        await reader.readexactly(int(headers["content-length"]))
    return int(status.split()[1])
