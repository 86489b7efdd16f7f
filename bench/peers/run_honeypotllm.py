"""Runs the suspicion score of honeypotllm 0.1.3 over a file of events; started inside its own environment.

What it expects: to sit in front of a model and see each request as it comes, with its key and prompt. Each request
raises the key's score (0 to 1) by what four rules say: rate (0.35), alike consecutive prompts (0.30), gaps below half a
second (0.20), volume (0.15); idle hours lower it. At 0.75 it starts to watermark that key's answers.

What it is given: API key (the account where a log has none), prompt and input tokens, in time order. It reads the
clock itself and has no way to be told the time, so this process's clock is set to each request's time before the
library is imported; nothing of the library is changed. Each key has a scorer of its own: one scorer forgets keys beyond
10,000, which would only take evidence away from it.

Settings: `HoneypotConfig()` as shipped, which are the values that its documentation gives. Watermarking is left out: it
acts on answers and does not enter the score.

What counts as its score: the highest that any key of the account ever reached, for a key is flagged from the first
request that reaches the threshold. No groups.

Where its view is narrower: one key at a time; it knows nothing of other accounts, cards, addresses, clients or answers,
so a campaign that spreads over many keys stays below its rates by design.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

CLOCK_SECONDS = [0.0]
time.time = lambda: CLOCK_SECONDS[0]

from honeypotllm.config import HoneypotConfig  # type: ignore[import-not-found]  # noqa: E402  # after the clock is set
from honeypotllm.scoring import SuspicionScorer  # type: ignore[import-not-found]  # noqa: E402

SECRET = "any"
"""The library wants one for its watermarks; the score does not use it."""


def judged(events: Path) -> dict[str, Any]:
    """Highest score of each account in a file of events."""
    settings = HoneypotConfig(secret_key=SECRET)
    scorers: dict[str, Any] = {}
    highest: dict[str, float] = {}
    with events.open(encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            CLOCK_SECONDS[0] = event["seconds"]
            key = SuspicionScorer.hash_key(event["key"])
            if key not in scorers:
                scorers[key] = SuspicionScorer(settings.scoring, settings.suspicion_threshold)
            said = scorers[key].score_request(key, prompt=event["text"], input_tokens=event["input_tokens"])
            highest[event["actor"]] = max(highest.get(event["actor"], 0.0), float(said.score_after))
    return {"scores": highest, "groups": None}


if __name__ == "__main__":
    source, target = (Path(word) for word in sys.argv[1:3])
    target.write_text(json.dumps(judged(source)), encoding="utf-8")
