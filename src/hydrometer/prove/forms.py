"""How the forms of a group are used: what is left to see when a campaign hides in other people's traffic.

A form is an opening or a closing phrase that many accounts of the group fill in with many different things. Where a
tenth of a pool's traffic is harvest, the pool as a whole looks like its cover, but the forms of the work list do not:
each is the smallest part that can be told apart, fixed before anybody looks at what it asks for. The group stands with
its most telling form, and so does every operator of the library.
Source: `statistics.md` section 4.3 (split, do not pool: the contrast that survives that operators differ).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.workspace import Workspace
from hydrometer.prove.profile import (
    LOG_UNIT,
    SUMS,
    columns,
    evenness,
    evenness_of_hours,
    follow_ups,
    lengths,
    sent,
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
ENDS = ((0, "opening", "closing"), (1, "closing", "opening"))
"""Side of a phrase, its column, and that of the other end."""
SHARES = " union all ".join(
    f"""
  select grp, {side} as side, {phrase} as phrase, any_value(members) as members, list(n order by n) as fillings
  from (select grp, {phrase}, account_id, count(*) as n from sent where {phrase} <> 0 group by 1, 2, 3)
  join size using (grp) group by grp, {phrase}, members
  having sum(n) >= $items and count(*) >= greatest($accounts, $breadth * members)"""
    for side, phrase, _ in ENDS
)
USED = " union all ".join(
    f"""
  select s.*, {side} as side, {phrase} as phrase, {other} as other from sent s
  semi join (select grp, phrase as {phrase} from shares where side = {side}) using (grp, {phrase})"""
    for side, phrase, other in ENDS
)
FORMS = f"""
with size as (select grp, count(*) as members from (select distinct grp, account_id from sent) group by 1),
shares as ({SHARES}
), used as materialized ({USED}
), asked as (
  select grp, side, phrase, count(*) as items, count(*) filter (again) as repeated,
         count(*) filter (techniques <> 0) as flagged
  from (
    select grp, side, phrase, item, min(account_id) <> max(account_id) as again, bit_or(techniques) as techniques
    from used group by 1, 2, 3, 4
  ) group by 1, 2, 3 having count(*) >= $items
), ways as (
  select grp, side, phrase, count(*) as others from (select distinct grp, side, phrase, other from used)
  group by 1, 2, 3
), sums as (select grp, side, phrase, {SUMS} from used group by 1, 2, 3)
select * from sums join asked using (grp, side, phrase) join shares using (grp, side, phrase)
join ways using (grp, side, phrase) order by grp, side, phrase
"""
"""Phrases that few accounts fill in go first, in one count; what is distinct is counted as in `WORDINGS`."""


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


def forms(workspace: Workspace, members: Sequence[NDArray[np.int64]], last_epoch: int) -> Forms:
    """Forms of some groups from what they sent up to an epoch; arguments as for `profile.sent`."""
    with sent(workspace, members, last_epoch):
        return forms_of_sent(workspace)


def forms_of_sent(workspace: Workspace) -> Forms:
    """Forms of the groups of the table `sent`."""
    limits: dict[str, object] = {
        "items": FORM_ITEMS_MIN, "accounts": FORM_ACCOUNTS_MIN, "breadth": FORM_BREADTH_MIN
    }  # fmt: skip
    found = workspace.query(FORMS, limits)
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
