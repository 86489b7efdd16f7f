"""H2, supporting or exonerating: do the accounts avoid, or repeat, each other's questions?

Only flagged public items count: prompts that show a technique and that outsiders asked in the earlier half of the
time. Within a popularity band strangers collide Λ times in the later half; a work list that is dealt out collides
less, people with common questions more. Too many collisions count against a work list; too few are reported and add
nothing, because a few decoys fake the opposite and a customer's batch looks the same.
Source: `statistics.md` section 5 (statistic, conservative direction, limits).
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import pdtr, pdtrc

from hydrometer.base.cases import Case, Evidence, Finding, Test
from hydrometer.base.units import bits

BAND = "floor(log2({askers}))::int"
"""Band of popularity of an item that so many asked."""
BEFORE = f"""
select {BAND.format(askers="askers")} as band, count(*) as items
from (select count(*) as askers from {{items}} where epoch <= $middle group by item) group by 1
"""
"""How many items of the earlier half are in which band; the same for every group of a moment."""
TOUCHED = f"""
select {BAND.format(askers="askers")} as band, {BAND.format(askers="nullif(outside, 0)")} as outside, count(*) as items
from (
  select count(*) as askers, count(*) filter (unit not in (select unit from members)) as outside
  from {{items}} semi join (
    select item from {{items}} where epoch <= $middle and unit in (select unit from members)
  ) using (item) where epoch <= $middle group by item
) group by 1, 2
"""
"""The same of items that members asked there, with the band by outsiders alone; null where no outsider asked."""
ASKED = f"""
with later as (
  select unit, item from {{items}}
  where epoch > $middle and epoch <= $last and techniques <> 0 and unit in (select unit from members)
), outside as (
  select item, count(*) as askers from {{items}} semi join later using (item)
  where epoch <= $middle and unit not in (select unit from members) group by 1
)
select unit, item, {BAND.format(askers="askers")} as band from later join outside using (item)
"""
DISTINCT = "select band, unit, count(*) as items from asked group by all order by all"
COLLISIONS = """
select coalesce(sum(k * (k - 1) // 2), 0)::bigint as pairs from (select count(*) as k from asked group by item)
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


def volumes(before: pa.Table, touched: pa.Table) -> Counter[int]:
    """Items of each band among outsiders: all that anybody asked, less what counts otherwise without the members.

    Args:
        before: columns band, items; see `BEFORE`.
        touched: columns band, outside, items; see `TOUCHED`.

    >>> before, touched = {"band": [0, 1], "items": [9, 3]}, {"band": [1, 0], "outside": [0, None], "items": [2, 5]}
    >>> sorted(volumes(pa.table(before), pa.table(touched)).items())
    [(0, 6), (1, 1)]
    """
    found = Counter[int]()
    for row in before.to_pylist():
        found[row["band"]] += row["items"]
    for row in touched.to_pylist():
        found[row["band"]] -= row["items"]
        if row["outside"] is not None:
            found[row["outside"]] += row["items"]
    return found


def asked_before(case: Case, middle: int) -> pa.Table:
    """`BEFORE` of a moment, asked once."""
    return case.once(TEST.name, middle, lambda: case.workspace.query(BEFORE, {"middle": middle}))


def judge(case: Case) -> Finding:
    """ln of the factor that too many collisions take away (0 = nothing), and a row."""
    first = case.workspace.query("select min(epoch) as e from {items}")["e"][0].as_py()
    if first is None:
        return Finding()
    middle = (first + case.last_epoch) // 2
    members = pa.table({"unit": case.group.members})
    with case.workspace.held("asked", ASKED, {"middle": middle, "last": case.last_epoch}, members=members):
        found = case.workspace.query(DISTINCT)
        pairs = case.workspace.query(COLLISIONS)
    items = volumes(asked_before(case, middle), case.workspace.query(TOUCHED, {"middle": middle}, members=members))
    bands, numbers = sorted(set(found["band"].to_pylist())), found["band"].to_numpy()
    distinct = [found["items"].to_numpy()[numbers == one] for one in bands]
    expected = expected_collisions(distinct, [items[one] for one in bands])
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
