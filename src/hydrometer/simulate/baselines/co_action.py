"""Co-action network over fixed windows: who uses the same template in the same minute, again and again?

After SynchroTrap (Cao et al., CCS 2014) and CooRTweet (Righetti & Balluff, 2.1.2): two accounts act together where
prompts of theirs have the same skeleton (`_traces`) within the same clock minute; 60 s is the window of CooRTweet's own
example. The weight of a pair is the number of minutes in which it does. An account's score is its largest weight; 2 or
more is repeated, the default here, and groups are the connected components of such pairs. CooRTweet cuts at a
percentile of the weights instead, which always leaves edges. A skeleton used by more than 400 accounts in one minute
joins nobody.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hydrometer.simulate.baseline import Baseline, Scored
from hydrometer.simulate.baselines._components import components, named
from hydrometer.simulate.baselines._traces import MOST_ACCOUNTS, skeleton
from hydrometer.simulate.baselines._traffic import MINUTE, account_ids, numbers, opened

REPEATED = 2


def run(traffic: Path, seed: int) -> Scored:
    """Scores and groups of all accounts; nothing is drawn, so the seed has no effect."""
    del seed
    connection = opened(traffic)
    accounts = account_ids(connection)
    table = connection.sql(f"""
        with senders as (
            select account_id, row_number() over (order by account_id) - 1 as account
            from (select distinct account_id from exchanges)
        ), acts as (
            select distinct account, {MINUTE} as minute, hash({skeleton()}) as skeleton
            from exchanges join senders using (account_id) where prompt is not null and prompt <> ''
        ), shared as (
            select * from acts
            qualify count(*) over (partition by minute, skeleton) between 2 and {MOST_ACCOUNTS}
        )
        select one.account as first, other.account as second, count(distinct one.minute) as minutes
        from shared one join shared other
            on one.minute = other.minute and one.skeleton = other.skeleton and one.account < other.account
        group by all order by all""").to_arrow_table()
    first, second, minutes = (numbers(table, name) for name in ("first", "second", "minutes"))
    scores = np.zeros(len(accounts))
    np.maximum.at(scores, first, minutes)
    np.maximum.at(scores, second, minutes)
    again = minutes >= REPEATED
    labels = components(first[again], second[again], len(accounts))
    return Scored(accounts, scores, named(accounts, labels))


BASELINE = Baseline(
    name="co_action",
    summary="pairs that use one template in the same minute, repeatedly",
    source="SynchroTrap (Cao et al., CCS 2014); CooRTweet 2.1.2",
    unit="pair",
    published=float(REPEATED),
    run=run,
)
