"""Counts of distinct prompts for units and for groups, up to an epoch: what the tests of H2 are computed from.

A group's prompts are counted once however many of its accounts sent them, so a group's counts are not the sum of its
units' counts; both come from the table `items`, which holds each unit's distinct prompts with the epoch of the first.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.cases import Counts
from hydrometer.base.units import FILL_MIN
from hydrometer.base.workspace import Workspace
from hydrometer.prove.background import effective_size

WORDINGS = """count(*) filter (opening = 0 or closing = 0)
       + least(count(distinct nullif(opening, 0)), count(distinct nullif(closing, 0)))"""
"""Number of wordings: the fewer of distinct opening and closing phrases, plus prompts too short to have any."""

GROUPS = """
with asked as (
  select m.grp, i.item, any_value(i.opening) as opening, any_value(i.closing) as closing,
         bit_or(i.techniques) as techniques
  from members m join {items} i using (unit) where i.epoch <= $last group by 1, 2
)
select grp, count(*) as items, $wordings as wordings, count(*) filter (techniques <> 0) as flagged,
       count(*) filter (in_opening >= $fill or in_closing >= $fill) as filled, $bits
from (
  select *, case when opening <> 0 then count(*) over (partition by grp, opening) else 0 end as in_opening,
         case when closing <> 0 then count(*) over (partition by grp, closing) else 0 end as in_closing from asked
) group by 1 order by 1
"""
UNITS = """
select unit, sum(items)::bigint as items, (sum(shorts) + least(sum(openings), sum(closings)))::bigint as wordings,
       sum(flagged)::bigint as flagged, sum(filled)::bigint as filled, $sums
from {unit_epochs} where epoch <= $last group by 1 order by 1
"""


def group_counts(workspace: Workspace, members: list[NDArray[np.int64]], last_epoch: int, techniques: int) -> Counts:
    """Pooled counts of some groups, one row each.

    Args:
        workspace: holds `items`.
        members: units of each group.
        last_epoch: last epoch that counts.
        techniques: number of technique bits.
    """
    if not members:
        return _counts(np.zeros((0, 4 + techniques), np.int64))
    table = pa.table(
        {
            "grp": np.repeat(np.arange(len(members)), [len(units) for units in members]),
            "unit": np.concatenate(members),
        }
    )
    bits = ", ".join(f"count(*) filter (techniques & {1 << bit} <> 0) as t{bit}" for bit in range(techniques))
    text = GROUPS.replace("$wordings", WORDINGS).replace("$bits", bits).replace("$fill", str(FILL_MIN))
    found = workspace.query(text, {"last": last_epoch}, members=table)
    return _counts(_dense(found, "grp", len(members)))


def unit_counts(workspace: Workspace, units: int, last_epoch: int, techniques: int) -> Counts:
    """Counts of every unit, one row each; units that sent nothing have zeros.

    Args:
        workspace: holds `unit_epochs`.
        units: number of units.
        last_epoch: last epoch that counts.
        techniques: number of technique bits.
    """
    sums = ", ".join(f"sum(t{bit})::bigint as t{bit}" for bit in range(techniques))
    found = workspace.query(UNITS.replace("$sums", sums), {"last": last_epoch})
    return _counts(_dense(found, "unit", units))


def _dense(table: pa.Table, key: str, rows: int) -> NDArray[np.int64]:
    """All columns but the key as a dense (rows × columns) array."""
    names = [name for name in table.column_names if name != key]
    result = np.zeros((rows, len(names)), np.int64)
    result[table[key].to_numpy()] = np.stack([table[name].to_numpy() for name in names], axis=1) if len(table) else 0
    return result


def _counts(values: NDArray[np.int64]) -> Counts:
    """Counts from columns items, wordings, flagged, filled, one per technique."""
    items = values[:, 0]
    safe = np.maximum(items, 1)
    return Counts(
        items,
        effective_size(items, values[:, 1]),
        values[:, 2] / safe,
        values[:, 4:] / safe[:, None],
        values[:, 3] / safe,
    )
