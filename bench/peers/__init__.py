"""Rivals that install from the package index, unchanged, each in a virtual environment of its own.

The world's exchanges go out as JSON lines in time order; an adapter (`run_<name>.py`) runs inside the rival's
environment, calls the rival's own functions with its documented settings, and writes a score for each account. What
each rival expects, what it is given and where its view is narrower than hydrometer's stands at the top of its adapter.
`make peers` sets the environments up; versions and hashes are in `requirements/peer-*.txt`.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from hydrometer.base.errors import RunError, UsageError
from hydrometer.simulate.baseline import Baseline, Scored
from hydrometer.simulate.baselines._traffic import account_ids, aligned, opened

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[1] / ".venvs"
LIMIT_SECONDS = 900.0
STDERR_TAIL_CHARACTERS = 2_000
BATCH_ROWS = 20_000


def interpreter(name: str) -> Path:
    """Python of a rival's environment.

    Raises:
        UsageError: the environment has not been set up.
    """
    python = ENVIRONMENTS / f"peer-{name}" / "bin" / "python"
    if not python.exists():
        raise UsageError(
            f"rival {name}", f"no {python}", "the virtual environment of requirements/peer-*.txt", "run `make peers`"
        )
    return python


def write_events(traffic: Path, target: Path) -> None:
    """Write exchanges as JSON lines, by time: `event_id`, `t` (ISO 8601, UTC), `seconds`, `actor`, `key`, `text`, …

    `seconds` are since the epoch, `actor` is the account, `key` the API key or, without one, the account.
    """
    columns = ("event_id", "t", "seconds", "actor", "key", "text", "input_tokens")
    connection = opened(traffic)
    rows = connection.execute("""
        select exchange_id, strftime(make_timestamp(epoch_us(sent_at)), '%Y-%m-%dT%H:%M:%S.%fZ'),
            epoch_us(sent_at) / 1e6, account_id, coalesce(api_key_id, account_id), coalesce(prompt, ''),
            coalesce(input_tokens, 0)
        from exchanges order by sent_at, exchange_id""")
    with target.open("w", encoding="utf-8") as lines:
        while batch := rows.fetchmany(BATCH_ROWS):
            lines.writelines(json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in batch)


def run_peer(name: str, traffic: Path, seed: int, limit_seconds: float = LIMIT_SECONDS) -> Scored:
    """Scores of all accounts by a rival in its own environment.

    Args:
        name: one of `PEERS`.
        traffic: folder `traffic` of a world.
        seed: neither rival draws anything that reaches a score, so it has no effect.
        limit_seconds: longest time that the rival may take.

    Raises:
        UsageError: there is no such rival, or its environment has not been set up.
        RunError: it took too long, or it failed.
    """
    del seed
    if name not in PEERS:
        raise UsageError("run_peer", f"rival {name!r}", f"one of {', '.join(PEERS)}", "name one of them")
    python = interpreter(name)
    with tempfile.TemporaryDirectory() as folder:
        events, answer = Path(folder) / "events.jsonl", Path(folder) / "scores.json"
        write_events(traffic, events)
        command = [str(python), "-I", str(HERE / f"run_{name}.py"), str(events), str(answer)]
        _finished(name, command, Path(folder), limit_seconds)
        document: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    accounts = account_ids(opened(traffic))
    return aligned(accounts, document["scores"], document["groups"])


def _finished(name: str, command: list[str], folder: Path, limit_seconds: float) -> None:
    """Run an adapter to its end; whatever the rival writes beside its answer lands in `folder`."""
    surroundings = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "KOLLUDE_HOME": str(folder), "TZ": "UTC"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=surroundings, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=limit_seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        raise RunError(
            f"rival {name}",
            f"still running after {limit_seconds:g} s",
            "an answer",
            "give a smaller world or more time",
        ) from late
    if done.returncode:
        tail = done.stderr[-STDERR_TAIL_CHARACTERS:]
        raise RunError(f"rival {name}", f"exit status {done.returncode}:\n{tail}", "exit status 0", "run `make peers`")


PEERS: dict[str, Baseline] = {
    "kollude": Baseline(
        name="kollude",
        summary="share of an account's prompts whose template many accounts use",
        source="kollude 0.4.0 (Apache-2.0), unchanged, from the package index",
        unit="account",
        published=None,
        run=partial(run_peer, "kollude"),
    ),
    "honeypotllm": Baseline(
        name="honeypotllm",
        summary="highest suspicion that any key of an account reached",
        source="honeypotllm 0.1.3 (Apache-2.0), unchanged, from the package index",
        unit="account",
        published=0.75,
        run=partial(run_peer, "honeypotllm"),
    ),
}
"""The rivals, with the face of any other baseline."""
