"""How a group works as far as metadata can tell: the figures that are left where no prompt may be read.

Whoever reads a work list out asks most things once, in conversations that end after one answer, at all hours, for long
answers of like length, dealt evenly over the accounts. None of it needs a word of what was asked. *Lone* exchanges,
which are all there is of their conversation, are looked at by themselves as well: where a pool carries other people's
talk, that talk goes on, and the work list does not. No figure knows how much an account sends, where from, with what
settings or at what price: volumes span four requests to thousands, and the rest is what groups are formed by.
Sums are taken over integers. Source: `detection.md` sections 4.1 to 4.4; `statistics.md` section 4 (the null is a
random benign operator).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.workspace import Workspace
from hydrometer.prove.profile import (
    DAY_HOURS,
    by_group,
    evenness,
    evenness_of_hours,
    follow_ups,
    lengths,
    share,
)

METADATA_FIGURES: dict[str, str] = {
    "follow_ups": "share of exchanges that are not the first of their conversation",
    "lone": "share of exchanges that are all there is of their conversation",
    "answer_length": "mean logarithm of output tokens",
    "answer_spread": "standard deviation of the logarithm of output tokens",
    "lone_answer_length": "mean logarithm of output tokens of lone exchanges",
    "lone_answer_spread": "standard deviation of the logarithm of output tokens of lone exchanges",
    "hours": "evenness of the hours of the day (entropy over its maximum)",
    "lone_hours": "the same of lone exchanges",
    "tools": "share of exchanges that offer tools",
    "volumes": "evenness of the numbers of exchanges of its accounts (entropy over its maximum)",
}
"""Figures in the order of their columns, and what each is."""
METADATA_FAMILIES: dict[str, tuple[str, ...]] = {
    "conversation": ("follow_ups", "lone"),
    "lengths": ("answer_length", "answer_spread", "lone_answer_length", "lone_answer_spread"),
    "calendar": ("hours", "lone_hours"),
    "tools": ("tools",),
    "volumes": ("volumes",),
}
"""Figures that depend on each other by construction; the strongest family of a group does not count."""
EXCHANGES_MIN = 20
"""Exchanges that a group must have sent for its figures to mean anything, and lone ones for theirs."""
SENT = """
with sent as materialized (
  select m.grp, f.account_id, f.conversation, f.output_tokens, f.turn, coalesce(f.turn, 1) > 1 as later,
         coalesce(f.tool_set, 0) <> 0 as tools, f.sent_us, f.sent_us // 3600000000 % 24 as hour,
         f.conversation is not null and count(*) over (partition by m.grp, f.account_id, f.conversation) = 1 as lone
  from {traffic} f join {units} u using (account_id) join members m using (unit)
  where f.sent_us // {epoch_us} <= $last
)
"""
SUMS = """grp, count(*) as exchanges, count(distinct account_id) as accounts, count(conversation) as told,
  count(*) filter (lone) as lone, count(*) filter (later) as later, count(turn) as turns,
  max(sent_us) - min(sent_us) as span, count(*) filter (tools) as tools, count(output_tokens) as answers,
  coalesce(sum((1000 * ln(1 + output_tokens))::bigint), 0)::bigint as answer,
  coalesce(sum((1000 * ln(1 + output_tokens))::bigint * (1000 * ln(1 + output_tokens))::bigint), 0)::double as squares,
  $hours
from sent """
ALL = f"{SENT} select {SUMS} group by 1 order by 1"
LONE = f"{SENT} select {SUMS} where lone group by 1 order by 1"
VOLUMES = f"""{SENT}, sizes as (select grp, account_id, count(*) as n from sent group by 1, 2)
select grp, list(n order by n) as volumes from sizes group by 1 order by 1"""
TOOLED = "select count(tool_set) as n from {fingerprints}"
PROMPTED = "select coalesce(max(words), 0) as words from {fingerprints}"


def prompts_known(workspace: Workspace) -> bool:
    """Whether any exchange of the log has a prompt; one without content has none at any moment."""
    return int(workspace.query(PROMPTED)["words"][0].as_py()) > 0


def metadata(
    workspace: Workspace, members: list[NDArray[np.int64]], last_epoch: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Figures of some groups from what they sent up to an epoch.

    Args:
        workspace: holds `fingerprints` and `units`.
        members: units of each group.
        last_epoch: last epoch that counts.

    Returns:
        shape (k, figures), in the order of `METADATA_FIGURES`, not a number where the log cannot tell; shape (k,),
        exchanges; and shape (k,), accounts that sent any.
    """
    count = len(members)
    if not count:
        return np.zeros((0, len(METADATA_FIGURES))), np.zeros(0, np.int64), np.zeros(0, np.int64)
    table = pa.table({
        "grp": np.repeat(np.arange(count), [len(units) for units in members]), "unit": np.concatenate(members),
    })  # fmt: skip
    hours = ", ".join(f"count(*) filter (hour = {hour}) as h{hour}" for hour in range(DAY_HOURS))
    limit: dict[str, object] = {"last": last_epoch}
    whole, lone = (
        by_group(workspace.query(text.replace("$hours", hours), limit, members=table), count) for text in (ALL, LONE)
    )
    volumes: list[NDArray[np.float64]] = [np.ones(1)] * count
    for row in workspace.query(VOLUMES, limit, members=table).to_pylist():
        volumes[row["grp"]] = np.array(row["volumes"], np.float64)
    tooled = int(workspace.query(TOOLED)["n"][0].as_py()) > 0
    sent, accounts = (whole[name].round().astype(np.int64) for name in ("exchanges", "accounts"))
    return figures(whole, lone, volumes, tooled), sent, accounts


def figures(
    whole: dict[str, NDArray[np.float64]],
    lone: dict[str, NDArray[np.float64]],
    volumes: list[NDArray[np.float64]],
    tooled: bool,
) -> NDArray[np.float64]:
    """Counts and sums of each group → its figures.

    Args:
        whole: columns of the query over all exchanges, each of shape (k,).
        lone: the same over lone ones.
        volumes: exchanges of each account of each group.
        tooled: whether anybody in the log offers tools; else nobody says whether he does.
    """
    exchanges, few = np.maximum(whole["exchanges"], 1.0), lone["exchanges"] < EXCHANGES_MIN
    (length, spread), (lone_length, lone_spread) = lengths(whole), lengths(lone)
    found = {
        "follow_ups": follow_ups(whole, exchanges),
        "lone": np.where(whole["told"] > 0, share(whole["lone"], whole["told"]), np.nan),
        "answer_length": length,
        "answer_spread": spread,
        "lone_answer_length": np.where(few, np.nan, lone_length),
        "lone_answer_spread": np.where(few, np.nan, lone_spread),
        "hours": evenness_of_hours(whole, exchanges),
        "lone_hours": np.where(few, np.nan, evenness_of_hours(lone, np.maximum(lone["exchanges"], 1.0))),
        "tools": share(whole["tools"], exchanges) if tooled else np.full(len(exchanges), np.nan),
        "volumes": np.array([evenness(counts) for counts in volumes]),
    }
    return np.stack([found[name] for name in METADATA_FIGURES], axis=1)
