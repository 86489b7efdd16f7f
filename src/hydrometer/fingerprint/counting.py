"""What is counted of one unit after another over fingerprints that are clustered by unit: compiled, without the lock.

Each function walks a run of units, each unit's exchanges in the order of time, with one small table of what the unit
showed so far (open addressing), which is emptied between units. So what a thread holds depends on its run alone.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hydrometer.base.units import FILL_MIN
from hydrometer.fingerprint.kernel import mix

Integers = NDArray[np.int64]
NEVER = np.iinfo(np.int64).min
"""Epoch of what a unit never showed."""


@njit(cache=True, nogil=True)
def room(things: int) -> int:
    """Slots of a table for some things: a power of two, at least twice as many."""
    size = 4
    while size < 2 * things:
        size *= 2
    return size


@njit(cache=True, nogil=True)
def slot_of(value: np.int64, keys: Integers, slots: NDArray[np.int32], size: int) -> np.int64:
    """The slot of a value among the first `size`, which are filled with places in `keys`, or −1 where it is free."""
    slot = np.int64(mix(np.uint64(value)) & np.uint64(size - 1))
    while slots[slot] >= 0 and keys[slots[slot]] != value:
        slot = (slot + 1) & (size - 1)
    return slot


@njit(cache=True, nogil=True)
def widest(starts: Integers, first: int, end: int) -> int:
    """Most exchanges of one of some units."""
    most = 0
    for unit in range(first, end):
        most = max(most, starts[unit + 1] - starts[unit])
    return most


@njit(cache=True, nogil=True)
def held(
    starts: Integers, epochs: Integers, values: Integers, least: float, first: int, end: int
) -> tuple[Integers, Integers, Integers, Integers]:
    """Entities of some units by epoch, each from the epoch on at whose end it had its share of the unit's exchanges.

    What a unit sent of it before is counted at that epoch. What never had its share is left out; with a share of 0 all
    is there as it was sent.

    Args:
        starts: place of the first exchange of each unit, and behind the last; shape (units + 1,).
        epochs: epoch of each exchange, ascending within a unit; shape (m,).
        values: entities of each exchange, 0 for none; shape (columns, m).
        least: the share, 0 to 1.
        first: first unit.
        end: behind the last.

    Returns:
        unit (counted as `first` is), entity, epoch and number of exchanges; each of shape (rows,).
    """
    width, most = len(values), widest(starts, first, end) * len(values)
    rows = (starts[end] - starts[first]) * width
    unit_of, entity_of = np.empty(rows, np.int64), np.empty(rows, np.int64)
    epoch_of, count_of = np.empty(rows, np.int64), np.empty(rows, np.int64)
    slots = np.empty(room(most), np.int32)
    known, counts, news = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    counts_yet, shown = np.empty(most, np.bool_), np.empty(most, np.int64)
    done = 0
    for unit in range(first, end):
        begin, behind = starts[unit], starts[unit + 1]
        size, things, touched = room((behind - begin) * width), 0, 0
        slots[:size] = -1
        for place in range(begin, behind):
            for column in range(width):
                value = values[column, place]
                if value == 0:
                    continue
                slot = slot_of(value, known, slots, size)
                if slots[slot] < 0:
                    slots[slot] = things
                    known[things], counts[things], news[things], counts_yet[things] = value, 0, 0, False
                    things += 1
                thing = slots[slot]
                if news[thing] == 0:
                    shown[touched] = thing
                    touched += 1
                news[thing] += 1
            if place + 1 < behind and epochs[place + 1] == epochs[place]:
                continue
            for number in range(touched):
                thing = shown[number]
                counts[thing] += news[thing]
                since = counts_yet[thing]
                if since or np.float64(counts[thing]) >= np.float64(place + 1 - begin) * least:
                    unit_of[done], entity_of[done], epoch_of[done] = unit, known[thing], epochs[place]
                    count_of[done] = news[thing] if since else counts[thing]
                    counts_yet[thing] = True
                    done += 1
                news[thing] = 0
            touched = 0
    return unit_of[:done].copy(), entity_of[:done].copy(), epoch_of[:done].copy(), count_of[:done].copy()


@njit(cache=True, nogil=True)
def first_shown(starts: Integers, epochs: Integers, values: Integers) -> Integers:
    """Epoch in which each unit first showed anything, `NEVER` where it did not; shape (units,).

    Args:
        starts: place of the first exchange of each unit, and behind the last; shape (units + 1,).
        epochs: epoch of each exchange, ascending within a unit; shape (m,).
        values: entities of each exchange, 0 for none; shape (columns, m).
    """
    found = np.full(len(starts) - 1, NEVER, np.int64)
    for unit in range(len(starts) - 1):
        for place in range(starts[unit], starts[unit + 1]):
            if np.any(values[:, place] != 0):
                found[unit] = epochs[place]
                break
    return found


@njit(cache=True, nogil=True)
def opened(starts: Integers, sent_us: Integers, gap_us: int) -> tuple[Integers, Integers]:
    """Bursts of each unit: exchanges that come first, or after a longer silence than `gap_us`.

    Args:
        starts: place of the first exchange of each unit, and behind the last; shape (units + 1,).
        sent_us: when each exchange was sent, ascending within a unit; shape (m,).
        gap_us: microseconds.

    Returns:
        unit (counted from 0) and first time of each burst; each of shape (bursts,).
    """
    unit_of, began_us = np.empty(len(sent_us), np.int64), np.empty(len(sent_us), np.int64)
    done = 0
    for unit in range(len(starts) - 1):
        for place in range(starts[unit], starts[unit + 1]):
            if place == starts[unit] or sent_us[place] - sent_us[place - 1] > gap_us:
                unit_of[done], began_us[done] = unit, sent_us[place]
                done += 1
    return unit_of[:done].copy(), began_us[:done].copy()


@njit(cache=True, nogil=True)
def items(
    starts: Integers,
    epochs: Integers,
    columns: tuple[Integers, Integers, Integers, Integers, Integers],
    first: int,
    end: int,
) -> tuple[Integers, Integers]:
    """Distinct prompts of some units, in the order in which each unit first sent them.

    Args:
        starts: place of the first exchange of each unit, and behind the last; shape (units + 1,).
        epochs: epoch of each exchange, ascending within a unit; shape (m,).
        columns: words, item, opening, closing and techniques of each exchange; each of shape (m,).
        first: first unit.
        end: behind the last.

    Returns:
        item, epoch of its first exchange, least opening, least closing and all techniques; shape (5, rows). And how
        many rows come before each unit's, and in all; shape (end - first + 1,).
    """
    words, item, opening, closing, techniques = columns
    made = np.empty((5, starts[end] - starts[first]), np.int64)
    bounds = np.zeros(end - first + 1, np.int64)
    slots = np.empty(room(widest(starts, first, end)), np.int32)
    done = 0
    for unit in range(first, end):
        known = made[:, done:]
        size, things = room(starts[unit + 1] - starts[unit]), 0
        slots[:size] = -1
        for place in range(starts[unit], starts[unit + 1]):
            if words[place] <= 0:
                continue
            slot = slot_of(item[place], known[0], slots, size)
            thing = slots[slot]
            if thing < 0:
                slots[slot] = things
                known[0, things], known[1, things] = item[place], epochs[place]
                known[2, things], known[3, things] = opening[place], closing[place]
                known[4, things] = techniques[place]
                things += 1
                continue
            known[2, thing] = min(known[2, thing], opening[place])
            known[3, thing] = min(known[3, thing], closing[place])
            known[4, thing] |= techniques[place]
        done += things
        bounds[unit - first + 1] = done
    return made[:, :done].copy(), bounds


@njit(cache=True, nogil=True)
def new_items(made: Integers, bounds: Integers, techniques: int) -> tuple[Integers, Integers]:
    """How many prompts, phrases and techniques are new with each unit in each epoch in which a prompt is.

    Args:
        made: as `items` returns them.
        bounds: rows of `made` before each unit's, and in all; shape (units + 1,).
        techniques: number of technique bits.

    Returns:
        unit (counted from 0) and epoch; shape (2, rows). And new items, openings and closings, items that lack either,
        items with a technique, items that have become one of `FILL_MIN` with their opening or closing, and those with
        each technique; shape (rows, 6 + techniques).
    """
    item, epoch, opening, closing, masks = made[0], made[1], made[2], made[3], made[4]
    keys, counts = np.empty((2, len(item)), np.int64), np.zeros((len(item), 6 + techniques), np.int64)
    widest_unit = widest(bounds, 0, len(bounds) - 1)
    slots = np.empty((2, room(widest_unit)), np.int32)
    fillings = np.empty((2, widest_unit), np.int32)
    latest, before = np.empty_like(fillings), np.empty_like(fillings)
    filled = np.zeros(len(item), np.bool_)
    done = 0
    for unit in range(len(bounds) - 1):
        begin, size = bounds[unit], room(bounds[unit + 1] - bounds[unit])
        slots[:, :size] = -1
        for row in range(begin, bounds[unit + 1]):
            if row == begin or epoch[row] != epoch[row - 1]:
                keys[0, done], keys[1, done] = unit, epoch[row]
                done += 1
            count = counts[done - 1]
            count[0] += 1
            count[3] += opening[row] == 0 or closing[row] == 0
            count[4] += masks[row] != 0
            for phrase, values in enumerate((opening, closing)):
                if values[row] != 0:
                    slot, own = slot_of(values[row], values[begin:], slots[phrase], size), row - begin
                    if slots[phrase, slot] < 0:
                        slots[phrase, slot], fillings[phrase, own], latest[phrase, own] = own, 0, -1
                        count[1 + phrase] += 1
                    thing = slots[phrase, slot]
                    fillings[phrase, thing] += 1
                    before[phrase, own], latest[phrase, thing] = latest[phrase, thing], own
                    place = own if fillings[phrase, thing] >= FILL_MIN else -1
                    while place >= 0:
                        count[5] += not filled[begin + place]
                        filled[begin + place] = True
                        place = before[phrase, place] if fillings[phrase, thing] == FILL_MIN else -1
            for bit in range(techniques):
                count[6 + bit] += masks[row] >> bit & 1
    return keys[:, :done].copy(), counts[:done].copy()
