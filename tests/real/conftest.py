"""What the tests with real parts share: the world that is replayed, and one run of each gateway.

Everything is started once a session. A test is skipped, with the command to give, where the environment of a gateway
has not been set up; `make test-real` sets both up.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.real import litellm_proxy, otlp_json
from tests.real.judging import hydrometer
from tests.real.processes import HERE, listening
from tests.real.replay import Call, answers, calls, exchanges

collect_ignore = ["litellm_auth.py", "otel_gateway.py", "splink_weights.py"]
"""They run in other environments."""

ENVIRONMENTS = HERE.parents[1] / ".venvs"
WORLD, SEED = "gateway", "17"
"""A seed whose campaign is found in the traffic itself; `bench.gateway` has the rate over seeds. Tested here is that
nothing is lost on the way through a real gateway."""
OPENINFERENCE_CALLS = 400
GATEWAY_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class World:
    """A simulated world and the requests that it becomes.

    Args:
        folder: holds `traffic` and `truth`.
        answers: what the model server shall answer.
        calls: requests in order.
    """

    folder: Path
    answers: Path
    calls: list[Call]

    @property
    def accounts(self) -> set[str]:
        return {call.account_id for call in self.calls}


@dataclass(frozen=True, slots=True)
class Captured:
    """What a receiver wrote down of one gateway.

    Args:
        folder: where the bodies lie.
        statuses: HTTP statuses of the requests, where the gateway was asked over HTTP.
        probes: requests of the gateway's own monitoring, which the log holds as well.
    """

    folder: Path
    statuses: list[int]
    probes: int


def interpreter(name: str) -> Path:
    """The interpreter of a gateway's environment."""
    python = ENVIRONMENTS / name / "bin" / "python"
    if not python.exists():
        pytest.skip(f"no environment at {python.parents[1]}: run `make test-real`")
    return python


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world") / WORLD
    hydrometer("simulate", WORLD, "--out", str(folder), "--seed", SEED)
    rows = exchanges(folder / "traffic")
    given = folder / "answers.jsonl"
    answers(rows, given)
    return World(folder, given, calls(rows))


@pytest.fixture(scope="session")
def litellm_log(world: World, tmp_path_factory: pytest.TempPathFactory) -> Captured:
    python = interpreter("litellm")
    state = tmp_path_factory.mktemp("litellm")
    received = state / "received"
    wave = litellm_proxy.wave_size(len(world.calls))
    with (
        listening("upstream.py", world.answers, state) as upstream,
        listening("receiver.py", received, state) as receiver,
        litellm_proxy.proxy(python, state, upstream, receiver, wave, world.calls) as port,
    ):
        statuses = litellm_proxy.drive(port, world.calls, wave, received)
    return Captured(received, statuses, -len(world.calls) % wave)


@pytest.fixture(scope="session")
def genai_spans(world: World, tmp_path_factory: pytest.TempPathFactory) -> Captured:
    return instrumented("genai", world, world.calls, tmp_path_factory.mktemp("genai"))


@pytest.fixture(scope="session")
def openinference_spans(world: World, tmp_path_factory: pytest.TempPathFactory) -> Captured:
    return instrumented("openinference", world, world.calls[:OPENINFERENCE_CALLS], tmp_path_factory.mktemp("openinf"))


def instrumented(variant: str, world: World, chosen: list[Call], state: Path) -> Captured:
    """Run the instrumented gateway over some calls; its spans as received in `protobuf`, as JSON lines in `json`."""
    python = interpreter("otel")
    with (state / "calls.jsonl").open("w", encoding="utf-8") as lines:
        for call in chosen:
            session = call.body.get("metadata", {}).get("session_id")
            row = {"account": call.account_id, "headers": call.headers, "body": call.body, "session": session}
            lines.write(json.dumps(row) + "\n")
    received = state / "received"
    with (
        listening("upstream.py", world.answers, state) as upstream,
        listening("receiver.py", received, state) as receiver,
    ):
        command = [str(python), str(HERE / "otel_gateway.py"), variant, str(upstream), str(receiver)]
        done = subprocess.run(
            [*command, str(state / "calls.jsonl")], capture_output=True, text=True, timeout=GATEWAY_SECONDS, check=False
        )
    assert (done.returncode, done.stdout) == (0, f"{len(chosen)}\n"), done.stderr
    protobuf, lines_folder = received / "v1_traces", received / "json"
    lines_folder.mkdir()
    otlp_json.write(sorted(protobuf.iterdir()), lines_folder / "traces.jsonl")
    return Captured(received, [], 0)
