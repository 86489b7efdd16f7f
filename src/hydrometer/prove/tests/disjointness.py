"""H2, supporting or exonerating: do the accounts avoid, or repeat, each other's questions?

Only flagged public items count: prompts that show a technique and that outsiders asked in the earlier half of the
time. Within a popularity band strangers collide Λ times in the later half; a work list that is dealt out collides
less, people with common questions more. Too many collisions count against a work list; too few are reported and add
nothing, because a few decoys fake the opposite and a customer's batch looks the same.
Source: `statistics.md` section 5 (statistic, conservative direction, limits).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import pdtr, pdtrc

from hydrometer.base.cases import Case, Evidence, Finding, Test
from hydrometer.base.units import bits

TABLE = """
with outside as (
  select item, count(distinct unit) as askers from {items}
  where epoch <= $middle and unit not in (select unit from members) group by 1
), band as (select item, floor(log2(askers))::int as band from outside),
volume as (select band, count(*) as items from band group by 1),
asked as (
  select i.unit, i.item, b.band from {items} i join band b using (item)
  where i.epoch > $middle and i.epoch <= $last and i.techniques <> 0 and i.unit in (select unit from members)
)
select band, v.items, a.unit, count(*) as distinct_items
from asked a join volume v using (band) group by all order by all
"""
COLLISIONS = """
with outside as (select distinct item from {items} where epoch <= $middle and unit not in (select unit from members))
select coalesce(sum(k * (k - 1) // 2), 0)::bigint as pairs from (
  select item, count(distinct unit) as k from {items} semi join outside using (item)
  where epoch > $middle and epoch <= $last and techniques <> 0 and unit in (select unit from members) group by 1
)
"""
EXPECTED_MIN = 5.0
"""Expected collisions below which the data hold no information."""
FACTOR_MIN = 2.0**-10
"""Most that too many collisions can take away."""


def expected_collisions(distinct: list[NDArray[np.int64]], volumes: list[int]) -> float:
    """Λ = Σ_b ½[(Σ_i u_ib)² − Σ_i u_ib²] / V_b.

    Args:
        distinct: per band, shape (accounts,), distinct items asked.
        volumes: per band, items in it.

    >>> expected_collisions([np.array([2, 1, 1])], [10])
    0.5
    """
    return float(
        sum(0.5 * (float(u.sum()) ** 2 - float((u**2).sum())) / v for u, v in zip(distinct, volumes, strict=True))
    )


def judge(case: Case) -> Finding:
    """ln of the factor that too many collisions take away (0 = nothing), and a row."""
    first = case.workspace.query("select min(epoch) as e from {items}")["e"][0].as_py()
    if first is None:
        return Finding()
    middle = (first + case.last_epoch) // 2
    values: dict[str, object] = {"middle": middle, "last": case.last_epoch}
    members = pa.table({"unit": case.group.members})
    found = case.workspace.query(TABLE, values, members=members)
    pairs = case.workspace.query(COLLISIONS, values, members=members)
    bands = sorted(set(found["band"].to_pylist()))
    numbers, items = found["band"].to_numpy(), found["items"].to_numpy()
    distinct = [found["distinct_items"].to_numpy()[numbers == band] for band in bands]
    expected = expected_collisions(distinct, [int(items[numbers == band][0]) for band in bands])
    if expected < EXPECTED_MIN:
        return Finding()
    collisions = int(pairs["pairs"][0].as_py())
    few = float(pdtr(collisions, expected))
    many = float(pdtrc(collisions - 1, expected)) if collisions else 1.0
    log_e = float(np.log(max(many, FACTOR_MIN))) if collisions > expected else 0.0
    row = Evidence(
        "H2",
        "disjointness",
        "items",
        collisions / expected,
        "collisions per expected collision",
        int(sum(len(u) for u in distinct)),
        "members ask public items independently within popularity bands",
        None,
        bits(log_e),
        bits(log_e),
        f"On items that outsiders had asked before, members asked the same item {collisions} times where "
        f"{expected:.0f} were to be expected (chance of so few {few:.2g}, of so many {many:.2g}).",
    )
    return Finding(
        log_e,
        (row,),
        "its accounts ask each other's questions again, as people with common questions do"
        if log_e < np.log(0.01)
        else None,
    )


TEST = Test(
    name="disjointness",
    hypothesis="H2",
    role="exoneration",
    judge=judge,
    source="statistics cookbook, section 5",
    benign_twins=("classroom", "viral_prompt"),
)
