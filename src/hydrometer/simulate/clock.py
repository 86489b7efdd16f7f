"""When accounts are awake: conversation starts by local hour and weekday, gaps inside a conversation.

Event time begins on a fixed Monday and never reads the wall clock; worlds of later weeks are moved as a whole. People
follow the day of their country, offices their working hours, scheduled jobs the full hour, services a flat day with
Gamma gaps; people's gaps inside a conversation are those of a recorded service (`fitted.yaml`: log-normal fits better
than Weibull and Gamma).
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from hydrometer.simulate import fitted
from hydrometer.simulate.mixing import mix
from hydrometer.simulate.world import Array, Columns

SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US
DAY_US = 24 * HOUR_US
START_US = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * SECOND_US
SPAN_US = 7 * DAY_US
END_US = START_US + SPAN_US
RELEASE_US = START_US + 3 * DAY_US + 16 * HOUR_US
"""The new model is released in the afternoon of the fourth day."""


WAKING, OFFICE, FLAT, CRON, EVENING, WINDOW, ROTA, DISPATCH = range(8)
"""Rhythms. ROTA: a dispatcher deals requests to its accounts in turn; DISPATCH: a queue wakes all of them at once."""
_AWAKE = [2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 12, 13, 14, 14, 13, 12, 12, 13, 14, 13, 9, 5]
_WORKING = [0.2, 0.1, 0.1, 0.1, 0.1, 0.3, 1, 4, 11, 15, 16, 14, 9, 14, 16, 15, 12, 6, 3, 2, 2, 1, 1, 0.4]
_AFTER_WORK = [6, 3, 1, 1, 1, 1, 2, 3, 3, 3, 3, 4, 5, 4, 4, 4, 5, 8, 12, 16, 18, 18, 15, 10]
_HOURS = {WAKING: _AWAKE, OFFICE: _WORKING, EVENING: _AFTER_WORK}
_WEEKEND = {WAKING: 0.85, OFFICE: 0.12, EVENING: 1.3}
_HOURS_A_WEEK = 168
_MACHINE_GAP_S, _MACHINE_GAP_SHAPE, _SHORTEST_MACHINE_GAP_S = 9.0, 2.0, 0.5
_CRON_SPREAD_S = 12.0
_ROTA_NOISE_S = 40.0
_PHASE_SALT, _MOMENT_SALT, _LARGEST = 41, 42, float(2**64)
_WAKE_UPS, _WAKE_UP_SPREAD_S = 160, 45.0
"""Times in the week at which a queue wakes its accounts, and seconds within which they answer."""
_QUEUE_STEP_US = 2 * SPAN_US


def _week(rhythm: int, offset_h: int) -> Array:
    """Distribution function over the 168 UTC hours of the week for a rhythm lived `offset_h` hours ahead of UTC."""
    local = (np.arange(_HOURS_A_WEEK) + offset_h) % _HOURS_A_WEEK
    weights = np.array(_HOURS.get(rhythm, [1] * 24), dtype=float)[local % 24]
    weights = np.where(local // 24 >= 5, weights * _WEEKEND.get(rhythm, 1.0), weights)
    return np.asarray(np.cumsum(weights) / weights.sum())


def starts(talks: Columns, draw: np.random.Generator) -> Array:
    """Start of each conversation in microseconds, between its account's opening and closing.

    Args:
        talks: per conversation its account's `rhythm`, `offset_h` (hours ahead of UTC), `opened`, `closed`, `number`
            and `dispatcher`, and its `rank` among the account's `count` conversations.
        draw: random numbers of this cohort.
    """
    rhythm, offset_h = talks["rhythm"], talks["offset_h"]
    first, second = draw.random(len(rhythm)), draw.random(len(rhythm))
    hour = np.zeros(len(rhythm), dtype=np.int64)
    for kind in np.unique(rhythm):
        for offset in np.unique(offset_h[rhythm == kind]):
            rows = (rhythm == kind) & (offset_h == offset)
            hour[rows] = np.searchsorted(_week(int(kind), int(offset)), first[rows], side="right")
    begun = START_US + np.minimum(hour, _HOURS_A_WEEK - 1) * HOUR_US + (second * HOUR_US).astype(np.int64)
    opened, closed = talks["opened"], talks["closed"]
    share = np.where(rhythm == ROTA, _in_turn(talks), first)
    noise_s = np.select([rhythm == ROTA, rhythm == DISPATCH], [_ROTA_NOISE_S, _WAKE_UP_SPREAD_S], 0.0)
    inside = opened + (share * (closed - opened)).astype(np.int64)
    queued = np.flatnonzero(rhythm == DISPATCH)
    inside[queued] = _woken({name: values[queued] for name, values in talks.items()}, inside[queued], first[queued])
    inside += (noise_s * second * SECOND_US).astype(np.int64)
    folded = (rhythm == WINDOW) | (rhythm == ROTA) | (rhythm == DISPATCH) | (begun < opened) | (begun > closed)
    begun = np.where(folded, np.minimum(inside, closed), begun)
    on_the_hour = begun - (begun - START_US) % HOUR_US + (second * _CRON_SPREAD_S * SECOND_US).astype(np.int64)
    on_the_hour = np.where(on_the_hour < opened, on_the_hour + HOUR_US, on_the_hour)
    return np.asarray(np.where((rhythm == CRON) & (on_the_hour <= closed), on_the_hour, begun))


def _in_turn(talks: Columns) -> Array:
    """Share of its span at which each conversation begins where a dispatcher deals them out evenly."""
    phase = mix(talks["number"], _PHASE_SALT) / _LARGEST
    return np.asarray((talks["rank"] + phase) / np.maximum(talks["count"], 1))


def _woken(talks: Columns, otherwise: Array, uniform: Array) -> Array:
    """When each conversation begins where a queue wakes all its accounts at the same moments of the week.

    Each is at one of the moments at which its account is open, and `otherwise` where there is none.
    """
    queues, queue = np.unique(talks["dispatcher"], return_inverse=True)
    number = np.tile(np.arange(_WAKE_UPS), len(queues))
    since = (mix(np.repeat(queues, _WAKE_UPS) + number, _MOMENT_SALT) / _LARGEST * SPAN_US).astype(np.int64)
    key = np.sort(np.repeat(np.arange(len(queues)), _WAKE_UPS) * _QUEUE_STEP_US + since)
    base = queue * _QUEUE_STEP_US - START_US
    first = np.searchsorted(key, base + talks["opened"])
    moments = np.searchsorted(key, base + np.minimum(talks["closed"], END_US), side="right") - first
    chosen = np.minimum(first + (uniform * moments).astype(np.int64), max(len(key) - 1, 0))
    return np.where(moments > 0, key[chosen] - base, otherwise) if len(key) else otherwise


def gaps(machine: Array, conversation: Array, draw: np.random.Generator) -> Array:
    """Microseconds to the next turn of a conversation: as fitted for people, Gamma for machines.

    Args:
        machine: whether a program sends each turn.
        conversation: number of each turn's conversation, from 0 without holes.
        draw: random numbers of this cohort.
    """
    human_s = fitted.gaps_s(conversation, draw)
    machine_s = draw.gamma(_MACHINE_GAP_SHAPE, _MACHINE_GAP_S / _MACHINE_GAP_SHAPE, len(machine))
    chosen = np.where(machine, machine_s + _SHORTEST_MACHINE_GAP_S, human_s)
    return np.asarray((chosen * SECOND_US).astype(np.int64))
