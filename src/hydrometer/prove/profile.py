"""How a group works, in figures that need no list of words: what its requests are made of, when it asks, what it takes.

Whoever builds a training set reads a list out: few forms with thousands of fillings, on many accounts, no item asked
twice, no second question, around the clock, long answers. Each figure alone has innocent owners (a shop's catalogue, a
school class, a script), so that none convicts; `reference.py` weighs them together against whole benign operators.
Only the first figure and the last know words of the lexicon. Sums are taken over integers, so that they do not depend
on the order of rows. Source: `detection.md` sections 4.1 to 4.4 (forms, coverage, read-out, calendar); `statistics.md`
section 4 (the null is a random benign operator).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.workspace import Workspace

FORM_FILLINGS = 5
"""Distinct prompts with one opening or closing phrase from which that phrase makes a form."""
FORM_ACCOUNTS = 3
"""Accounts that must fill in a form for it to be common to a group."""
DAY_HOURS = 24
DAY_US = 86_400_000_000
"""Span from which the hours of a day can be told."""
LOG_UNIT = 1000.0
"""Logarithms of lengths are summed in thousandths."""
FIGURES: dict[str, str] = {
    "techniques": "share of distinct prompts that show a published technique (square root)",
    "forms": "share of distinct prompts that fill in a form",
    "common_forms": "share of distinct prompts whose form at least three of its accounts fill in",
    "repetition": "share of distinct prompts that two or more of its accounts ask (square root)",
    "follow_ups": "share of exchanges that are not the first of their conversation",
    "answer_length": "mean logarithm of output tokens",
    "question_length": "mean logarithm of the words of a prompt",
    "answer_spread": "standard deviation of the logarithm of output tokens",
    "tools": "share of exchanges that offer tools",
    "hours": "evenness of the hours of the day (entropy over its maximum)",
    "vocabulary": "logarithm of wordings per distinct prompt",
    "freshness": "logarithm of distinct prompts per exchange",
    "aim": "share of exchanges that ask for a capability of the lexicon",
}
"""Figures of a profile, in the order of its columns, and what each is."""
SENT = """
select m.grp, f.account_id, f.item, f.opening, f.closing, f.techniques, f.capabilities, f.words, f.output_tokens,
       f.turn, coalesce(f.turn, 1) > 1 as later, coalesce(f.tool_set, 0) <> 0 as tools, f.sent_us,
       f.sent_us // 3600000000 % 24 as hour
from {traffic} f join {units} u using (account_id) join members m using (unit)
where f.words > 0 and f.sent_us // {epoch_us} <= $last
"""
WORDINGS = """
with asked as (
  select grp, item, min(account_id) <> max(account_id) as again, any_value(opening) as opening,
         any_value(closing) as closing, bit_or(techniques) as techniques from sent group by 1, 2
), opens as (
  select * from (select grp, opening, count(*) as n from asked where opening <> 0 group by 1, 2)
  join (
    select grp, opening, count(*) as accounts from (select distinct grp, opening, account_id from sent) group by 1, 2
  ) using (grp, opening)
), closes as (
  select * from (select grp, closing, count(*) as n from asked where closing <> 0 group by 1, 2)
  join (
    select grp, closing, count(*) as accounts from (select distinct grp, closing, account_id from sent) group by 1, 2
  ) using (grp, closing)
)
select a.grp, count(*) as items, count(*) filter (techniques <> 0) as flagged, count(*) filter (again) as repeated,
       count(*) filter (coalesce(o.n, 0) >= $fillings or coalesce(c.n, 0) >= $fillings) as filled,
       count(*) filter ((o.n >= $fillings and o.accounts >= $many) or (c.n >= $fillings and c.accounts >= $many))
         as common,
       count(distinct case when coalesce(o.n, 0) >= coalesce(c.n, 0) then a.opening else a.closing end) as wordings
from asked a left join opens o using (grp, opening) left join closes c using (grp, closing) group by 1 order by 1
"""
"""Distinct things are counted by counting rows that are distinct already: a group of rows with a list of its own for
each of millions of phrases does not fit into memory."""
_HOURS = ", ".join(f"count(*) filter (hour = {hour}) as h{hour}" for hour in range(DAY_HOURS))
SUMS = f"""count(*) as exchanges, count(*) filter (later) as later,
  count(turn) as turns, max(sent_us) - min(sent_us) as span,
  count(output_tokens) as answers, coalesce(sum((1000 * ln(1 + output_tokens))::bigint), 0)::bigint as answer,
  coalesce(sum((1000 * ln(1 + output_tokens))::bigint * (1000 * ln(1 + output_tokens))::bigint), 0)::double as squares,
  sum((1000 * ln(1 + words))::bigint)::bigint as question, count(*) filter (tools) as tools,
  count(*) filter (capabilities <> 0) as aimed, {_HOURS}"""
"""Sums over exchanges, each an integer."""
TRAFFIC = f"select grp, count(distinct account_id) as accounts, {SUMS} from sent group by 1 order by 1"


@dataclass(frozen=True, slots=True)
class Profiles:
    """Profiles of some groups, one row each.

    Attributes:
        values: shape (k, figures), in the order of `FIGURES`.
        items: shape (k,), distinct prompts.
        accounts: shape (k,), accounts that sent a prompt.
    """

    values: NDArray[np.float64]
    items: NDArray[np.int64]
    accounts: NDArray[np.int64]

    def of(self, row: int) -> Profiles:
        """The profile of one group alone."""
        return Profiles(self.values[row : row + 1], self.items[row : row + 1], self.accounts[row : row + 1])


@contextmanager
def sent(workspace: Workspace, members: Sequence[NDArray[np.int64]], last_epoch: int) -> Iterator[None]:
    """What some groups sent up to an epoch, as the table `sent` (see `SENT`).

    Args:
        workspace: holds `fingerprints` and `units`.
        members: units of each group.
        last_epoch: last epoch that counts.
    """
    numbers = np.repeat(np.arange(len(members)), [len(units) for units in members])
    table = pa.table({"grp": numbers, "unit": np.concatenate([np.zeros(0, np.int64), *members])})
    with workspace.held("sent", SENT, {"last": last_epoch}, members=table):
        yield


def profiles(workspace: Workspace, members: Sequence[NDArray[np.int64]], last_epoch: int) -> Profiles:
    """Profiles of some groups from what they sent up to an epoch; arguments as for `sent`."""
    with sent(workspace, members, last_epoch):
        return profiles_of_sent(workspace, len(members))


def profiles_of_sent(workspace: Workspace, count: int) -> Profiles:
    """Profiles of the groups of the table `sent`, of which there are `count`."""
    if not count:
        return Profiles(np.zeros((0, len(FIGURES))), np.zeros(0, np.int64), np.zeros(0, np.int64))
    found = by_group(workspace.query(WORDINGS, {"fillings": FORM_FILLINGS, "many": FORM_ACCOUNTS}), count)
    found |= by_group(workspace.query(TRAFFIC), count)
    return Profiles(figures(found), found["items"].round().astype(np.int64), found["accounts"].round().astype(np.int64))


def figures(counted: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Counts and sums of each group → its figures; half a case is added to and taken from every share.

    Args:
        counted: columns of the two queries, each of shape (k,).

    Returns:
        shape (k, figures); not a number where the log cannot tell.
    """
    exchanges, items = np.maximum(counted["exchanges"], 1.0), np.maximum(counted["items"], 1.0)
    mean, spread = lengths(counted)
    named = {
        "techniques": np.sqrt(share(counted["flagged"], items)),
        "forms": share(counted["filled"], items),
        "common_forms": share(counted["common"], items),
        "repetition": np.sqrt(share(counted["repeated"], items)),
        "follow_ups": follow_ups(counted, exchanges),
        "answer_length": mean,
        "question_length": counted["question"] / exchanges / LOG_UNIT,
        "answer_spread": spread,
        "tools": share(counted["tools"], exchanges),
        "hours": evenness_of_hours(counted, exchanges),
        "vocabulary": np.log((counted["wordings"] + 1.0) / (items + 1.0)),
        "freshness": np.log(items / exchanges),
        "aim": share(counted["aimed"], exchanges),
    }
    return np.stack([named[name] for name in FIGURES], axis=1)


def lengths(counted: dict[str, NDArray[np.float64]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(mean, standard deviation) of the logarithm of output tokens; not a number where none are logged."""
    answers = np.where(counted["answers"] > 0, counted["answers"], np.nan)
    mean = counted["answer"] / answers / LOG_UNIT
    return mean, np.sqrt(np.maximum(counted["squares"] / answers / LOG_UNIT**2 - mean**2, 0.0))


def follow_ups(counted: dict[str, NDArray[np.float64]], exchanges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of exchanges that follow another in their conversation; not a number where no turns are logged."""
    return np.where(counted["turns"] > 0, share(counted["later"], exchanges), np.nan)


def evenness_of_hours(counted: dict[str, NDArray[np.float64]], exchanges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy of the hours of the day over its maximum; not a number where the traffic does not span a day."""
    hours = np.stack([counted[f"h{hour}"] for hour in range(DAY_HOURS)], axis=1) / exchanges[:, None]
    entropy = -(hours * np.log(np.maximum(hours, 1e-12))).sum(axis=1) / np.log(DAY_HOURS)
    return np.where(counted["span"] >= DAY_US, entropy, np.nan)


def share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share with half a case added on either side."""
    return np.asarray((part + 0.5) / (whole + 1.0))


def evenness(counts: NDArray[np.float64]) -> float:
    """Entropy of how much each of some accounts does, over its maximum; 1 = all do the same."""
    part = counts / counts.sum()
    return float(-(part * np.log(part)).sum() / np.log(max(len(part), 2)))


def columns(table: pa.Table) -> dict[str, NDArray[np.float64]]:
    """Columns of a result as floats, each of shape (rows,)."""
    return {name: table[name].to_numpy(zero_copy_only=False).astype(np.float64) for name in table.column_names}


def by_group(table: pa.Table, groups: int) -> dict[str, NDArray[np.float64]]:
    """Columns of a result with one row a group; groups that sent nothing have zeros."""
    place = table["grp"].to_numpy()
    result: dict[str, NDArray[np.float64]] = {}
    for name, found in columns(table.drop_columns(["grp"])).items():
        result[name] = np.zeros(groups)
        result[name][place] = found
    return result
