"""How the forms of a group are used: what is left to see when a campaign hides in other people's traffic.

A form is an opening or a closing phrase that many accounts of the group fill in with many different things. Where a
tenth of a pool's traffic is harvest, the pool as a whole looks like its cover, but the forms of the work list do not:
each is the smallest part that can be told apart, fixed before anybody looks at what it asks for. The group stands with
its most telling form, and so does every operator of the library.
Source: `statistics.md` section 4.3 (split, do not pool: the contrast that survives that operators differ).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.workspace import Workspace
from hydrometer.prove.profile import (
    DAY_HOURS,
    LOG_UNIT,
    SENT,
    columns,
    evenness,
    evenness_of_hours,
    follow_ups,
    lengths,
    share,
)

FORM_ITEMS_MIN = 20
"""Distinct fillings from which the use of a form can be described."""
FORM_ACCOUNTS_MIN = 5
FORM_BREADTH_MIN = 0.1
"""Accounts that fill it in: at least five, and at least this share of the group, however large it is."""
FORM_FIGURES: dict[str, str] = {
    "techniques": "share of its distinct fillings that show a published technique (square root)",
    "breadth": "share of the group's accounts that fill it in",
    "evenness": "how evenly they do (entropy over its maximum)",
    "repetition": "share of its distinct fillings that two or more accounts ask (square root)",
    "follow_ups": "share of its exchanges that are not the first of their conversation",
    "answer_length": "mean logarithm of output tokens",
    "question_length": "mean logarithm of the words of a prompt",
    "answer_spread": "standard deviation of the logarithm of output tokens",
    "tools": "share of its exchanges that offer tools",
    "hours": "evenness of the hours of the day (entropy over its maximum)",
    "vocabulary": "logarithm of other ends per distinct filling",
    "freshness": "logarithm of distinct fillings per exchange",
    "aim": "share of its exchanges that ask for a capability of the lexicon",
}
"""Figures of a form, in the order of its columns, and what each is."""
FORMS = (
    SENT
    + """, size as (select grp, count(distinct account_id) as members from sent group by 1), ends as (
  select *, 0 as side, opening as phrase, closing as other from sent where opening <> 0
  union all select *, 1 as side, closing as phrase, opening as other from sent where closing <> 0
), kept as (
  select grp, side, phrase from ends join size using (grp) group by grp, side, phrase, members
  having count(distinct item) >= $items and count(distinct account_id) >= greatest($accounts, $breadth * members)
), used as materialized (select e.* from ends e semi join kept using (grp, side, phrase)), asked as (
  select grp, side, phrase, count(*) as items, count(*) filter (askers > 1) as repeated,
         count(*) filter (techniques <> 0) as flagged
  from (
    select grp, side, phrase, item, count(distinct account_id) as askers, bit_or(techniques) as techniques
    from used group by 1, 2, 3, 4
  ) group by 1, 2, 3
), shares as (
  select grp, side, phrase, list(n order by n) as fillings from (
    select grp, side, phrase, account_id, count(*) as n from used group by 1, 2, 3, 4
  ) group by 1, 2, 3
)
select u.grp, side, phrase, any_value(members) as members, count(*) as exchanges, any_value(items) as items,
  any_value(repeated) as repeated, any_value(flagged) as flagged, count(*) filter (later) as later,
  count(turn) as turns, max(sent_us) - min(sent_us) as span,
  count(output_tokens) as answers, coalesce(sum((1000 * ln(1 + output_tokens))::bigint), 0)::bigint as answer,
  coalesce(sum((1000 * ln(1 + output_tokens))::bigint * (1000 * ln(1 + output_tokens))::bigint), 0)::double as squares,
  sum((1000 * ln(1 + words))::bigint)::bigint as question, count(*) filter (tools) as tools,
  count(*) filter (capabilities <> 0) as aimed, count(distinct other) as others, any_value(fillings) as fillings, $hours
from used u join asked using (grp, side, phrase) join shares using (grp, side, phrase) join size using (grp)
group by 1, 2, 3 order by 1, 2, 3
"""
)


@dataclass(frozen=True, slots=True)
class Forms:
    """Forms of some groups, one row each.

    Attributes:
        group: shape (f,), number of the group.
        side: shape (f,), 0 = an opening phrase, 1 = a closing phrase.
        phrase: shape (f,), its hash.
        values: shape (f, figures), in the order of `FORM_FIGURES`.
    """

    group: NDArray[np.int64]
    side: NDArray[np.int64]
    phrase: NDArray[np.int64]
    values: NDArray[np.float64]

    def of(self, group: int) -> NDArray[np.float64]:
        """Figures of the forms of one group; shape (k, figures)."""
        return np.asarray(self.values[self.group == group])


def forms(workspace: Workspace, members: list[NDArray[np.int64]], last_epoch: int) -> Forms:
    """Forms of some groups from what they sent up to an epoch.

    Args:
        workspace: holds `fingerprints` and `units`.
        members: units of each group.
        last_epoch: last epoch that counts.
    """
    numbers = np.repeat(np.arange(len(members)), [len(units) for units in members])
    table = pa.table({"grp": numbers, "unit": np.concatenate([np.zeros(0, np.int64), *members])})
    hours = ", ".join(f"count(*) filter (hour = {hour}) as h{hour}" for hour in range(DAY_HOURS))
    limits: dict[str, object] = {
        "last": last_epoch, "items": FORM_ITEMS_MIN, "accounts": FORM_ACCOUNTS_MIN, "breadth": FORM_BREADTH_MIN,
    }  # fmt: skip
    found = workspace.query(FORMS.replace("$hours", hours), limits, members=table)
    fillings = [np.array(counts, np.float64) for counts in found["fillings"].to_pylist()]
    counted = columns(found.drop_columns(["fillings", "phrase"]))
    group, side, phrase = (found[name].to_numpy().astype(np.int64) for name in ("grp", "side", "phrase"))
    return Forms(group, side, phrase, figures(counted, fillings))


def figures(counted: dict[str, NDArray[np.float64]], fillings: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Counts and sums of each form → its figures.

    Args:
        counted: columns of the query, each of shape (f,).
        fillings: exchanges of each account that fills in the form, for each form.

    Returns:
        shape (f, figures); not a number where the log cannot tell.
    """
    exchanges, items = counted["exchanges"], counted["items"]
    mean, spread = lengths(counted)
    found = {
        "techniques": np.sqrt(share(counted["flagged"], items)),
        "breadth": np.array([len(counts) for counts in fillings]) / np.maximum(counted["members"], 1.0),
        "evenness": np.array([evenness(counts) for counts in fillings]),
        "repetition": np.sqrt(share(counted["repeated"], items)),
        "follow_ups": follow_ups(counted, exchanges),
        "answer_length": mean,
        "question_length": counted["question"] / exchanges / LOG_UNIT,
        "answer_spread": spread,
        "tools": share(counted["tools"], exchanges),
        "hours": evenness_of_hours(counted, exchanges),
        "vocabulary": np.log((counted["others"] + 1.0) / (items + 1.0)),
        "freshness": np.log(items / exchanges),
        "aim": share(counted["aimed"], exchanges),
    }
    return np.stack([found[name] for name in FORM_FIGURES], axis=1)
