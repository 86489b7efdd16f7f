"""When each turn is sent: after the answer before it has arrived, and while the account that sends it is open.

A program's gap begins when the answer is there. People's gaps are recorded from one request to the next, so they hold
the answer already; a gap shorter than its answer becomes a short pause after it. Where a window is too short for a
conversation its pauses shrink first, and only then its latencies.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock
from hydrometer.simulate.world import Array, Columns

_SHORTEST_PAUSE_US = clock.SECOND_US // 2
_MILLISECOND_US = 1_000


def lay_out(traits: Columns, rows: Columns) -> None:
    """Replaces the planned `sent` of each exchange (no answer takes time) by when it is sent, in microseconds.

    Args:
        traits: of the accounts.
        rows: `account` (who sends), `opening`, `turn`, planned `sent`, `wait` (gap before each turn, microseconds) and
            `latency_ms`; rows that another account goes on with follow those of the first. Latencies are shortened
            where not even they fit into the time in which the accounts are open.
    """
    if not len(rows["account"]):
        return
    account, opening = rows["account"], rows["opening"]
    moved = account != account[opening]
    taken_over = moved & ~np.concatenate([[False], moved[:-1]])
    head = np.flatnonzero((rows["turn"] == 1) | taken_over)
    part = np.cumsum((rows["turn"] == 1) | taken_over) - 1
    latency = np.round(rows["latency_ms"] * _MILLISECOND_US).astype(np.int64)
    before = np.concatenate([[0], latency[:-1]])
    machine = traits["machine"][account[opening]]
    pause = np.where(machine, rows["wait"], np.maximum(rows["wait"] - before, _SHORTEST_PAUSE_US))
    who = account[head]
    opened, closed = traits["opened"][who], np.minimum(traits["closed"][who], clock.END_US - clock.SECOND_US)
    begins, earliest = rows["sent"][head].copy(), opened
    inner = np.zeros(len(account), dtype=bool)
    inner[head] = True
    steps = (np.where(inner, 0, pause), np.where(inner, 0, before))
    sent, shrunk = _within(begins, (earliest, closed), part, head, steps)
    later = np.flatnonzero(taken_over[head])
    if len(later):
        row = head[later]
        arrived = sent[row - 1] + (before[row] * shrunk[part[row - 1]]).astype(np.int64)
        earliest = opened.copy()
        earliest[later] = np.maximum(opened[later], arrived)
        begins[later] = np.maximum(opened[later], arrived + pause[row])
        sent, shrunk = _within(begins, (earliest, closed), part, head, steps)
    rows["sent"], rows["latency_ms"] = sent, rows["latency_ms"] * shrunk[part]


def _within(
    begins: Array, window: tuple[Array, Array], part: Array, head: Array, steps: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Times of all exchanges, and the factor on the latencies of each part.

    A part is the turns of a conversation that one account sends; `begins` and `window` are of parts, `part` and `steps`
    (pause, latency before) of exchanges, `head` is the first exchange of each part.
    """
    (pauses, latencies), (earliest, latest) = (_since(step, part, head) for step in steps), window
    pausing, answering = np.maximum.reduceat(pauses, head), np.maximum.reduceat(latencies, head)
    begun = np.maximum(earliest, np.minimum(begins, latest - pausing - answering))
    room = np.maximum(latest - begun, 0)
    shrunk = np.minimum(1.0, room / np.maximum(answering, 1))
    hurried = np.clip((room - shrunk * answering) / np.maximum(pausing, 1), 0.0, 1.0)
    sent = begun[part] + (pauses * hurried[part]).astype(np.int64) + (latencies * shrunk[part]).astype(np.int64)
    return sent, shrunk


def _since(step: Array, part: Array, head: Array) -> Array:
    """Sum of the steps since the first exchange of each part."""
    total = np.cumsum(step)
    return np.asarray(total - total[head][part])
