"""Mergeable states: what a unit had sent by the end of each epoch, as sums that add up, and the account-week table.

The state of A and B together is the sum of their states; the state of a moment is the sum over earlier epochs. Distinct
items are counted where they first appear, which turns "number of different prompts" into a sum, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.families import UNKNOWN
from hydrometer.base.tables import schema
from hydrometer.base.units import WEEK_US
from hydrometer.base.workspace import Workspace, worked_in_order
from hydrometer.fingerprint import counting
from hydrometer.fingerprint.by_unit import Clustered, Part, clustered

ITEMS = schema("unit:i item:i epoch:i opening:i closing:i techniques:i")
"""Distinct prompts of each unit: the epoch that first showed it, its phrases, and all techniques that it showed."""
READ = ("words", "item", "opening", "closing", "techniques")
BURSTS = schema("unit:i began_us:i")
ROWS = 1 << 17
"""Rows of a row group."""

PLACES = f"""
select u.unit, f.sent_us // {{epoch_us}} as epoch, coalesce(f.country, '{UNKNOWN}') as country, f.client_type,
       f.language, count(*) as exchanges
from {{fingerprints}} f join {{units}} u using (account_id) group by all
"""

WEEKS = f"""
select account_id, sent_us // {WEEK_US} as week, count(*) as exchanges, sum(input_tokens)::bigint as input_tokens,
       sum(output_tokens)::bigint as output_tokens, sum(micro_usd)::bigint as micro_usd,
       count(*) filter (techniques <> 0) as flagged, bit_or(techniques) as techniques,
       count(*) filter (coalesce(turn, 1) > 1) as follow_ups, min(sent_us) as first_us, max(sent_us) as last_us
from {{fingerprints}} group by 1, 2 order by 1, 2
"""
BURST_GAP_US = 300_000_000
"""Silence after which a unit's next exchange opens another burst: five minutes."""
COUNTS = ("items", "openings", "closings", "shorts", "flagged", "filled")
"""Counts of distinct things where they first appear; `shorts` lack a phrase, `flagged` show a technique, `filled` are
one of `FILL_MIN` or more with their opening or closing, from when that is so."""
Integers = NDArray[np.int64]
Columns = tuple[Integers, Integers, Integers, Integers, Integers]
"""What is read of each exchange, as `READ` has it."""
Chunk = tuple[int, Integers, Integers]
"""First unit of a run of units, their prompts, and how many come before each unit's (`counting.items`)."""
WEEK_SUMS = ("exchanges", "input_tokens", "output_tokens", "micro_usd", "flagged", "follow_ups")


def write_states(workspace: Workspace, techniques: Sequence[str]) -> None:
    """Write `items` (unit × distinct prompt), `unit_epochs`, `places`, `bursts` and `account_weeks`.

    Args:
        workspace: holds `fingerprints` and `units`.
        techniques: names of the technique bits, in their order.
    """
    target = epochs_schema(techniques)
    with clustered(workspace, READ) as exchanges:
        workspace.write_rows("bursts", bursts(exchanges), BURSTS, ROWS, silent)
        workspace.write_rows("items", by_chunk(exchanges, items), ITEMS, ROWS, silent)
        counts = by_chunk(exchanges, partial(unit_epochs, target=target))
        workspace.write_rows("unit_epochs", counts, target, ROWS, silent)
    workspace.derive("places", PLACES)
    workspace.derive("account_weeks", WEEKS)


def silent(_: int) -> None:
    """Nobody is told of rows."""


def bursts(exchanges: Clustered) -> Iterator[pa.Table]:
    """Begin of each burst of each unit; rows of `BURSTS`."""
    for part in exchanges.parts():
        unit, began_us = counting.opened(part.starts, part.column("sent_us"), BURST_GAP_US)
        yield pa.Table.from_arrays([pa.array(unit + part.first), pa.array(began_us)], schema=BURSTS)


def by_chunk(exchanges: Clustered, work: Callable[[Chunk], pa.Table]) -> Iterator[pa.Table]:
    """What is made of the prompts of each run of units, in order.

    Args:
        exchanges: by unit.
        work: from the prompts of a run to rows.
    """
    for part in exchanges.parts():
        words, item, opening, closing, techniques = (part.column(name) for name in READ)
        columns = words, item, opening, closing, techniques

        def made(units: tuple[int, int], part: Part = part, columns: Columns = columns) -> pa.Table:
            return work((part.first + units[0], *counting.items(part.starts, part.epochs, columns, *units)))

        yield from worked_in_order(part.chunks(), made, part.source.threads)


def items(chunk: Chunk) -> pa.Table:
    """Distinct prompts of some units; rows of `ITEMS`."""
    first, rows, bounds = chunk
    unit = np.repeat(np.arange(first, first + len(bounds) - 1), np.diff(bounds))
    return pa.Table.from_arrays([pa.array(unit), *map(pa.array, rows)], schema=ITEMS)


def unit_epochs(chunk: Chunk, target: pa.Schema) -> pa.Table:
    """Counts of prompts that are new with some units, by epoch; rows of the schema `target` (`epochs_schema`)."""
    first, rows, bounds = chunk
    keys, counts = counting.new_items(rows, bounds, len(target) - len(COUNTS) - 2)
    return pa.Table.from_arrays([pa.array(keys[0] + first), pa.array(keys[1]), *map(pa.array, counts.T)], schema=target)


def epochs_schema(techniques: Sequence[str]) -> pa.Schema:
    """Columns of `unit_epochs`: unit, epoch, counts of distinct items, and a count `t0`, … for each technique."""
    by_technique = (f"t{bit}" for bit in range(len(techniques)))
    return schema(" ".join(f"{name}:i" for name in ("unit", "epoch", *COUNTS, *by_technique)))


def merged_weeks(workspace: Workspace, left: str, right: str) -> None:
    """Write `merged_weeks`: the account-weeks of two parts of a log, merged; the law of merging is tested on it.

    Args:
        workspace: holds both tables.
        left: name of the account-week table of one part.
        right: name of the other's.
    """
    sums = ", ".join(f"sum({name})::bigint as {name}" for name in WEEK_SUMS)
    workspace.derive(
        "merged_weeks",
        f"""select account_id, week, {sums}, bit_or(techniques) as techniques, min(first_us) as first_us,
            max(last_us) as last_us from (from {{{left}}} union all from {{{right}}}) group by 1, 2""",
    )
