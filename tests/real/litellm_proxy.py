"""A real LiteLLM proxy in front of the upstream, whose `generic_api` callback posts its log to the receiver.

Records are posted in batches of a fixed size and the replay goes in waves of that size, waiting for each batch to
arrive: LiteLLM clears its queue after a batch was posted, so that a record logged while a batch is under way is lost.
A wave leaves nothing to lose. Three callbacks write the three shapes of the same records.
Source: LiteLLM 1.106, integrations/generic_api and integrations/custom_batch_logger.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from tests.real.processes import HERE, answers_at, child, free_port, wait_for
from tests.real.replay import Call, key_of, send

SHAPES = ("json_array", "ndjson", "single")
"""LiteLLM's three values of `log_format`; each goes to a folder of that name."""
SMALLEST_WAVE, LARGEST_WAVE = 100, 300
PROBE = "gateway-health-probe"
"""Account whose few requests fill up the last wave, as a gateway's own monitoring would."""
ARRIVAL_SECONDS = 60.0
NEVER_SECONDS = 86_400
"""Interval of the flush by time, which would break the waves."""
USD_PER_TOKEN = {"input_cost_per_token": 3e-6, "output_cost_per_token": 15e-6}


@contextmanager
def proxy(python: Path, state: Path, upstream: int, receiver: int, wave: int, world: list[Call]) -> Iterator[int]:
    """Run the proxy while the block runs and give its port.

    Args:
        python: interpreter of the environment that LiteLLM is installed in.
        state: folder for configuration and logs.
        upstream: port of the model server.
        receiver: port of the receiver of log records.
        wave: number of records in a batch.
        world: what will be sent, for its models and accounts.
    """
    models = sorted({str(call.body["model"]) for call in world})
    (state / "config.yaml").write_text(yaml.safe_dump(_configuration(models, upstream, receiver)))
    shutil.copy(HERE / "litellm_auth.py", state)
    keys = state / "keys.json"
    keys.write_text(json.dumps(_directory(world)))
    port, log = free_port(), state / "proxy.log"
    command = [str(python.with_name("litellm")), "--config", str(state / "config.yaml"), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--num_workers", "1", "--telemetry", "False"]
    with child(command, log, _environment(keys, wave)) as process:
        wait_for(lambda: answers_at(f"http://127.0.0.1:{port}/health/liveliness"), process, log)
        yield port


def _directory(world: list[Call]) -> dict[str, dict[str, str | None]]:
    """What the gateway knows of each key."""
    organizations = {call.account_id: call.organization_id for call in world} | {PROBE: None}
    return {key_of(account): {"org_id": organization} for account, organization in organizations.items()}


def _configuration(models: list[str], upstream: int, receiver: int) -> dict[str, Any]:
    """The proxy's configuration file."""
    address = f"http://127.0.0.1:{receiver}"
    served = {"api_base": f"http://127.0.0.1:{upstream}/v1", "api_key": "unused", **USD_PER_TOKEN}
    return {
        "model_list": [
            {"model_name": name, "litellm_params": {"model": f"openai/{name}", **served}} for name in models
        ],
        "litellm_settings": {"callbacks": list(SHAPES), "drop_params": True, "telemetry": False},
        "callback_settings": {
            shape: {
                "callback_type": "generic_api",
                "endpoint": f"{address}/{shape}",
                "headers": {},
                "log_format": shape,
            }
            for shape in SHAPES
        },
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {"custom_auth": "litellm_auth.user_api_key_auth", "use_x_forwarded_for": True},
    }


def _environment(keys: Path, wave: int) -> dict[str, str]:
    """The proxy's environment: the caller's, without its settings of HTTP proxies, and no look-ups outside."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return kept | {
        "DEFAULT_BATCH_SIZE": str(wave),
        "DEFAULT_FLUSH_INTERVAL_SECONDS": str(NEVER_SECONDS),
        "HYDROMETER_TEST_KEYS": str(keys),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "LITELLM_MASTER_KEY": key_of("the proxy's administrator"),
    }


def wave_size(total: int) -> int:
    """The size of a wave that leaves the least of the last one to be filled up by probes.

    >>> wave_size(3600) in range(100, 301), -3600 % wave_size(3600)
    (True, 0)
    """
    return min(range(SMALLEST_WAVE, LARGEST_WAVE + 1), key=lambda size: (-total % size, -size))


def probes(count: int, model: str) -> list[Call]:
    """Requests of the gateway's own monitoring."""
    headers = {"authorization": f"Bearer {key_of(PROBE)}", "content-type": "application/json"}
    body = {"model": model, "messages": [{"role": "user", "content": "ping"}], "max_tokens": 1}
    return [Call(f"probe-{place}", PROBE, None, headers, body) for place in range(count)]


def drive(port: int, world: list[Call], wave: int, received: Path) -> list[int]:
    """Send a world in waves, each when the log of the one before has arrived; gives the statuses in order."""
    statuses: list[int] = []
    batch = world + probes(-len(world) % wave, str(world[0].body["model"]))
    for start in range(0, len(batch), wave):
        statuses += asyncio.run(send(port, batch[start : start + wave]))
        _wait_for_batch(received, start // wave + 1, wave)
    return statuses[: len(world)]


def _wait_for_batch(received: Path, batches: int, wave: int) -> None:
    """Wait until the receiver has written all files of the waves so far; only file names are looked at."""
    wanted = {"json_array": batches, "ndjson": batches, "single": batches * wave}
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while (there := {shape: len(list((received / shape).glob("*.json*"))) for shape in SHAPES}) != wanted:
        assert time.monotonic() < deadline, f"log files received: {there}, expected {wanted}"
        time.sleep(0.05)
