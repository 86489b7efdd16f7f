"""Runs kollude 0.4.0 over a file of events; started inside kollude's own environment, never imported.

What it expects: messages of agents, each with an actor, a time and a text. It folds a text to a template (lower case,
digits and punctuation collapsed, first and last 12 words of the first 400 characters), and looks for templates that
many actors use; a message counts as coordinated where at least 5 actors use its template.

What it is given: account as actor, time of the request, prompt as text; every exchange once.

Settings: `ScanParams()` as shipped (bins of 1 h, window of 6 h, at least 5 actors, prefix and suffix templates, α
0.01), which are those of its registry for corpora of this size; only `top_actors` is raised, so that no account is left
out of its answer. Its own reader, its own scan.

What counts as its score: `score` of its actor table, the share of the actor's messages on templates of at least 5
actors over the whole run, times ln(1 + actors of the largest such template). Groups: the template of the actor's that
most actors use. Its hourly alarms (e-CUSUM with the gate on distinct actors) say when, not who, so they cannot enter a
score.

Where its view is narrower: it sees no card, address, client, key, model, token or answer; it was made for agents that
copy each other's messages in public, and shared wording of a popular client is to it what a swarm's is.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from kollude import coord  # type: ignore[import-not-found]
from kollude.engine import ScanParams, scan_iter  # type: ignore[import-not-found]
from kollude.frame import read_any  # type: ignore[import-not-found]


def judged(events: Path) -> dict[str, Any]:
    """Scores and groups of the actors in a file of events."""
    frame = read_any(events)
    parameters = ScanParams(top_actors=max(1, frame["actor"].nunique()))
    annotated = coord.annotate(frame, parameters.coord())
    result: dict[str, Any] = {}
    for step in scan_iter(frame, parameters, ann=annotated):
        result = step.get("result", result)
    scores = {row["actor"]: float(row["score"] or 0.0) for row in result["actors"]}
    shared = annotated[annotated["tid"].notna()]
    actors = shared.groupby("tid")["actor"].nunique()
    shared = shared.assign(actors=shared["tid"].map(actors))
    shared = shared[shared["actors"] >= parameters.min_actors].sort_values(["actors", "tid"])
    largest = shared.groupby("actor")["tid"].last()
    return {"scores": scores, "groups": {str(actor): str(template) for actor, template in largest.items()}}


if __name__ == "__main__":
    source, target = (Path(word) for word in sys.argv[1:3])
    target.write_text(json.dumps(judged(source)), encoding="utf-8")
