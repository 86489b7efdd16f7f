"""A gateway with real OpenTelemetry instrumentation: it forwards requests to a model server with the OpenAI SDK.

Runs in an environment of its own and never in pytest's. Each request gets a server span, as a web framework's
instrumentation would make one, and in its trace the client span of the OpenAI instrumentor. What the gateway knows of
the caller (account, address, user agent, TLS fingerprint, session) is put into baggage, and the SDK's baggage span
processor copies it on every span: the usual way to bring caller attributes onto spans that a library makes. The
openinference variant uses that library's own context attributes for account and session. Spans leave by OTLP over
HTTP, as protobuf.

Run as `python otel_gateway.py VARIANT UPSTREAM_PORT COLLECTOR_PORT CALLS`; CALLS is JSON Lines of headers and bodies.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from openai import APIStatusError, AsyncOpenAI  # type: ignore[import-not-found]
from opentelemetry.baggage import set_baggage
from opentelemetry.context import attach, detach, get_current
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.processor.baggage import ALLOW_ALL_BAGGAGE_KEYS, BaggageSpanProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, get_tracer, set_tracer_provider

CONNECTIONS = 8
QUEUE_SPANS = 32_768
BATCH_SPANS = 256
FLUSH_MILLISECONDS = 60_000


def provider(collector: int) -> TracerProvider:
    """The SDK: baggage onto spans, spans in batches to the collector."""
    made = TracerProvider(resource=Resource.create({"service.name": "test-gateway"}))
    made.add_span_processor(BaggageSpanProcessor(ALLOW_ALL_BAGGAGE_KEYS))
    exporter = OTLPSpanExporter(endpoint=f"http://127.0.0.1:{collector}/v1/traces", compression=Compression.Gzip)
    made.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=QUEUE_SPANS, max_export_batch_size=BATCH_SPANS))
    set_tracer_provider(made)
    return made


def instrument(variant: str) -> None:
    """Switch on the instrumentor of a variant, with message content in the spans."""
    if variant == "openinference":
        from openinference.instrumentation.openai import OpenAIInstrumentor as Other  # type: ignore[import-not-found]

        Other().instrument()
        return
    os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "gen_ai_latest_experimental"
    os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "span_only"
    from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor

    OpenAIInstrumentor().instrument()


@contextmanager
def caller(variant: str, call: dict[str, Any]) -> Iterator[None]:
    """What is known of the caller, in force while the block runs."""
    headers, session = call["headers"], call["session"]
    known = {
        "client.address": headers.get("x-forwarded-for"),
        "user_agent.original": headers.get("user-agent"),
        "tls.client.ja4": headers.get("x-ja4"),
    }
    with ExitStack() as stack:
        if variant == "openinference":
            from openinference.instrumentation import using_session, using_user  # type: ignore[import-not-found]

            stack.enter_context(using_user(call["account"]))
            if session:
                stack.enter_context(using_session(session))
        else:
            known |= {
                "enduser.id": call["account"],
                "enduser.pseudo.id": call["body"].get("user"),
                "session.id": session,
            }
        here = get_current()
        for name, value in known.items():
            if value:
                here = set_baggage(name, value, here)
        token = attach(here)
        stack.callback(detach, token)
        yield


async def forward(client: AsyncOpenAI, body: dict[str, Any]) -> int:
    """Send one request on and read its answer; gives the status."""
    body = {name: value for name, value in body.items() if name != "metadata"}
    try:
        answer = await client.chat.completions.create(**body)
        if body.get("stream"):
            async for _ in answer:
                pass
    except APIStatusError as refused:
        return int(refused.status_code)
    return 200


async def main(variant: str, upstream: int, collector: int, calls: Path) -> None:
    """Forward all calls, wait until their spans are with the collector, and print how many calls there were."""
    spans = provider(collector)
    instrument(variant)
    tracer = get_tracer("test-gateway")
    queue = iter(calls.read_text(encoding="utf-8").splitlines())
    done = 0

    async def worker(client: AsyncOpenAI) -> None:
        nonlocal done
        for line in queue:
            call = json.loads(line)
            route = {"http.request.method": "POST", "http.route": "/v1/chat/completions"}
            with (
                caller(variant, call),
                tracer.start_as_current_span(
                    "POST /v1/chat/completions", kind=SpanKind.SERVER, attributes=route
                ) as server,
            ):
                server.set_attribute("http.response.status_code", await forward(client, call["body"]))
            done += 1

    async with AsyncOpenAI(base_url=f"http://127.0.0.1:{upstream}/v1", api_key="unused", max_retries=0) as client:
        await asyncio.gather(*(worker(client) for _ in range(CONNECTIONS)))
    assert spans.force_flush(FLUSH_MILLISECONDS)
    spans.shutdown()
    sys.stdout.write(f"{done}\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
