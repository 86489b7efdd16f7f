"""What accounts can share: entities of the account and of its requests, and skeletons of its prompts.

A skeleton is the opening of a prompt with its changeable parts masked: quoted strings become `"`, numbers become `0`,
words with a capital become `A`, white space becomes one blank, and the first 60 characters are kept.
"""

from __future__ import annotations

import duckdb
import numpy as np
from numpy.typing import NDArray

from hydrometer.simulate.baselines._traffic import numbers

Numbers = NDArray[np.int64]

SKELETON_CHARACTERS = 60
READ_CHARACTERS = 240
"""A prompt is masked to here; enough for `SKELETON_CHARACTERS` after masking."""
MOST_ACCOUNTS = 400
"""An entity of more accounts than this links nobody."""
_MASKS = (
    (r"""["“”«»][^"“”«»]*["“”«»]""", '"'),
    (r"\p{N}+", "0"),
    (r"\p{Lu}\p{L}*", "A"),
    (r"\s+", " "),
)


def skeleton(column: str = "prompt") -> str:
    """SQL: the skeleton of a column of texts."""
    masked = f"left({column}, {READ_CHARACTERS})"
    for pattern, mask in _MASKS:
        masked = f"regexp_replace({masked}, '{pattern}', '{mask}', 'g')"
    return f"left(trim({masked}), {SKELETON_CHARACTERS})"


def incidences(connection: duckdb.DuckDBPyConnection, *, wording: bool = False) -> tuple[Numbers, Numbers, Numbers]:
    """Which account touches which entity how often: account numbers, entity numbers, times.

    Accounts are numbered in ascending order. Entities: payment fingerprint, address (of requests or of the sign-up, one
    name space), TLS fingerprint with user agent, and with `wording` the skeletons of prompts. Only those shared by 2 to
    `MOST_ACCOUNTS` accounts are returned.
    """
    words = (
        f"union all select account_id, 'words', {skeleton()}, count(*) from exchanges group by all" if wording else ""
    )
    table = connection.sql(f"""
        with senders as (
            select account_id, row_number() over (order by account_id) - 1 as account
            from (select distinct account_id from exchanges)
        ), touched(account_id, kind, entity, times) as (
            select account_id, 'payment', payment_fingerprint, 1 from accounts
            union all select account_id, 'address', signup_ip, 1 from accounts
            union all select account_id, 'address', client_ip, count(*) from exchanges group by all
            union all select account_id, 'client', ja4 || ' ' || user_agent, count(*) from exchanges group by all
            {words}
        ), merged as (
            select account, kind, entity, sum(times)::bigint as times
            from touched join senders using (account_id) where entity is not null and entity <> ''
            group by account, kind, entity
            qualify count(*) over (partition by kind, entity) between 2 and {MOST_ACCOUNTS}
        )
        select account, dense_rank() over (order by kind, entity) - 1 as entity, times
        from merged order by account, entity""").to_arrow_table()
    return numbers(table, "account"), numbers(table, "entity"), numbers(table, "times")
