"""A small OpenAI-compatible model server on the loopback address: what the gateways under test forward to.

It answers `/v1/chat/completions`, plain and streamed, with the answer and the usage figures that the replayed world
holds for a request, so that what the gateway logs is what the world says. Answers come from a JSON Lines file, looked
up by the newest user message; an unknown message is answered with filler words.

Run as `python upstream.py ANSWERS PORT_FILE`; it stops when it is terminated.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
from collections import deque
from itertools import count
from pathlib import Path
from typing import Any

CREATED = 1_700_000_000
CHUNKS = 4
"""Pieces into which a streamed answer is cut."""
FILLER = "this is a filler answer of the test model".split()
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error"}


def question(body: dict[str, Any]) -> str:
    """Hash of the newest user message, by which answers are looked up."""
    asked: Any = ""
    for message in body["messages"]:
        if message["role"] == "user":
            asked = message["content"]
    if isinstance(asked, list):
        asked = "".join(part.get("text", "") for part in asked)
    return digest(str(asked))


def digest(text: str) -> str:
    """The hash under which the answer to a prompt is kept."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Answers:
    """The answers of a world, each given in the order in which its question was asked.

    Args:
        path: JSON Lines of `question`, `content`, `input_tokens`, `output_tokens`, `reasoning_tokens`,
            `cached_tokens`, `finish_reason`, `status`.
    """

    def __init__(self, path: Path) -> None:
        self.by_question: dict[str, deque[dict[str, Any]]] = {}
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                self.by_question.setdefault(row["question"], deque()).append(row)

    def take(self, body: dict[str, Any]) -> dict[str, Any]:
        """The next answer to a request; its last one is repeated when they are used up."""
        rows = self.by_question.get(question(body))
        if rows is None:
            words = int(body.get("max_tokens") or 8)
            content = " ".join(FILLER[place % len(FILLER)] for place in range(words))
            return {"content": content, "input_tokens": len(str(body["messages"])) // 4, "output_tokens": words}
        return rows.popleft() if len(rows) > 1 else rows[0]


def usage(row: dict[str, Any]) -> dict[str, Any]:
    """Usage figures as the OpenAI API writes them: input includes cached, output includes reasoning."""
    given, made = row.get("input_tokens") or 0, row.get("output_tokens") or 0
    return {
        "prompt_tokens": given,
        "completion_tokens": made,
        "total_tokens": given + made,
        "prompt_tokens_details": {"cached_tokens": row.get("cached_tokens") or 0},
        "completion_tokens_details": {"reasoning_tokens": row.get("reasoning_tokens") or 0},
    }


def whole(body: dict[str, Any], row: dict[str, Any], number: int) -> dict[str, Any]:
    """A completion in one piece."""
    message = {"role": "assistant", "content": row["content"]} | _uses(body, row)
    reason = row.get("finish_reason") or "stop"
    choices = [
        {"index": place, "message": message, "finish_reason": reason} for place in range(int(body.get("n") or 1))
    ]
    return _head(body, number, "chat.completion") | {"choices": choices, "usage": usage(row)}


def pieces(body: dict[str, Any], row: dict[str, Any], number: int) -> list[bytes]:
    """The events of a streamed completion."""
    head = _head(body, number, "chat.completion.chunk")
    text = row["content"]
    size = max(1, -(-len(text) // CHUNKS))
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": text[start : start + size]} for start in range(0, len(text), size)]
    deltas += [{"tool_calls": [use | {"index": 0}]} for use in _uses(body, row).get("tool_calls", [])]
    events = [head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    events.append(head | {"choices": [{"index": 0, "delta": {}, "finish_reason": row.get("finish_reason") or "stop"}]})
    if (body.get("stream_options") or {}).get("include_usage"):
        events.append(head | {"choices": [], "usage": usage(row)})
    return [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events] + [b"data: [DONE]\n\n"]


def _uses(body: dict[str, Any], row: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The tool that an answer asks for, where it ends for that reason."""
    if row.get("finish_reason") != "tool_calls" or not body.get("tools"):
        return {}
    function = {"name": body["tools"][0]["function"]["name"], "arguments": "{}"}
    return {"tool_calls": [{"id": "call_next", "type": "function", "function": function}]}


def _head(body: dict[str, Any], number: int, kind: str) -> dict[str, Any]:
    """What every completion and every piece of one begins with."""
    return {"id": f"chatcmpl-{number:08d}", "object": kind, "created": CREATED, "model": body.get("model", "")}


class Server:
    """Answers connections; keeps them open between requests.

    Args:
        answers: where answers come from.
    """

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.numbers = count(1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until the client closes it."""
        try:
            while (request := await _request(reader)) is not None:
                self._answer(writer, *request)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _answer(self, writer: asyncio.StreamWriter, path: str, raw: bytes) -> None:
        if not path.endswith("/chat/completions"):
            return _reply(writer, 404, {"error": {"message": "no such path", "type": "invalid_request_error"}})
        body = json.loads(raw)
        row = self.answers.take(body)
        status = row.get("status") or 200
        if status != 200:
            return _reply(writer, status, {"error": {"message": "refused by the test model", "code": str(status)}})
        number = next(self.numbers)
        if not body.get("stream"):
            return _reply(writer, 200, whole(body, row, number))
        events = pieces(body, row, number)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for event in events:
            writer.write(b"%x\r\n%b\r\n" % (len(event), event))
        return writer.write(b"0\r\n\r\n")


def _reply(writer: asyncio.StreamWriter, status: int, value: dict[str, Any]) -> None:
    """Write one whole JSON answer."""
    content = json.dumps(value).encode()
    head = f"HTTP/1.1 {status} {REASONS.get(status, 'Error')}\r\ncontent-type: application/json\r\n"
    writer.write(head.encode() + b"content-length: %d\r\n\r\n" % len(content) + content)


async def _request(reader: asyncio.StreamReader) -> tuple[str, bytes] | None:
    """Path and body of the next request on a connection; None where the client has closed it."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        content = b""
        while size := int(await reader.readline(), 16):
            content += (await reader.readexactly(size + 2))[:size]
        await reader.readline()
    else:
        content = await reader.readexactly(int(headers.get("content-length", "0")))
    return first.split()[1].partition("?")[0], content


async def main(answers: Path, port_file: Path) -> None:
    """Serve on a free port of the loopback address and write its number to `port_file`."""
    server = await asyncio.start_server(Server(Answers(answers)).serve, "127.0.0.1", 0, limit=2**20)
    unfinished = port_file.with_suffix(".unfinished")
    unfinished.write_text(str(server.sockets[0].getsockname()[1]))
    os.replace(unfinished, port_file)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
