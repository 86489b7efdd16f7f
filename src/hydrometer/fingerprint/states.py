"""Mergeable states: what a unit had sent by the end of each epoch, as sums that add up, and the account-week table.

The state of A and B together is the sum of their states; the state of a moment is the sum over earlier epochs. Distinct
items are counted where they first appear, which turns "number of different prompts" into a sum, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from hydrometer.base.families import UNKNOWN
from hydrometer.base.units import WEEK_US
from hydrometer.base.workspace import Workspace

ITEMS = """
select u.unit, f.item, min(f.sent_us) // {epoch_us} as epoch, min(f.opening) as opening, min(f.closing) as closing,
       bit_or(f.techniques) as techniques
from {fingerprints} f join {units} u using (account_id) where f.words > 0 group by u.unit, f.item
"""

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
BURSTS = f"""
with f as (select u.unit, f.sent_us from {{fingerprints}} f join {{units}} u using (account_id)),
s as (
  select unit, sent_us,
         coalesce(sent_us - lag(sent_us) over (partition by unit order by sent_us) > {BURST_GAP_US}, true) as opens
  from f
)
select unit, sent_us as began_us from s where opens
"""
WEEK_SUMS = ("exchanges", "input_tokens", "output_tokens", "micro_usd", "flagged", "follow_ups")


def counts(techniques: Sequence[str]) -> str:
    """SELECT of the counts of distinct items by epoch: `items`, `openings`, `closings`, `shorts`, `flagged`, `t0`, …"""
    by_technique = ", ".join(
        f"count(*) filter (techniques & {1 << bit} <> 0) as t{bit}" for bit in range(len(techniques))
    )
    names = ", ".join(f"t{bit}" for bit in range(len(techniques)))
    new = {
        f"{phrase}s": f"""select unit, epoch, count(*) as {phrase}s from (
          select unit, {phrase}, min(epoch) as epoch from {{items}} where {phrase} <> 0 group by 1, 2
        ) group by 1, 2"""
        for phrase in ("opening", "closing")
    }
    return f"""
    with openings as ({new["openings"]}), closings as ({new["closings"]}), told as (
      select unit, epoch, count(*) as items, count(*) filter (opening = 0 or closing = 0) as shorts,
             count(*) filter (techniques <> 0) as flagged, {by_technique}
      from {{items}} group by 1, 2
    )
    select unit, epoch, items, coalesce(openings, 0) as openings, coalesce(closings, 0) as closings,
           shorts, flagged, {names}
    from told left join openings using (unit, epoch) left join closings using (unit, epoch)
    """


def write_states(workspace: Workspace, techniques: Sequence[str]) -> None:
    """Write `items` (unit × distinct prompt), `unit_epochs`, `places`, `bursts` and `account_weeks`.

    Args:
        workspace: holds `fingerprints` and `units`.
        techniques: names of the technique bits, in their order.
    """
    workspace.derive("items", ITEMS)
    workspace.derive("unit_epochs", counts(techniques))
    workspace.derive("places", PLACES)
    workspace.derive("bursts", BURSTS)
    workspace.derive("account_weeks", WEEKS)


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
