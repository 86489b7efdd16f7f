"""Accounts as words: categorical views of what an account shows, of which pairs are tabulated.

One view is one question that a person would ask of an account: which client, which pathway, has it a card, is it up at
night. Quantities become parts of equal size, rare names one word. `pairs` looks for what two of them say together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq

from hydrometer.base.errors import UsageError
from hydrometer.simulate.account_features import KEY, traffic_files
from hydrometer.simulate.leakage import POSITIVE_ROLES
from hydrometer.simulate.world import Array

NONE = "none"
"""Where an account has no value."""
_RARE_MAIL = 0.01
"""Share of all accounts that hold a mail domain below which its name is not looked at."""
_UNUSUAL = 0.05
"""Share of a user agent's accounts that have a TLS fingerprint below which that is unusual for it."""
_QUIET_HOURS, _NIGHT_HOURS, _HOURS = 8, 8, 24
_FIRST_LETTERS = 400
"""Characters of each prompt in which scripts are counted."""

_MODES = {
    "client": "regexp_extract(user_agent, '^[^0-9/]*')",
    "pathway": "pathway",
    "system_start": r"regexp_extract(system_instructions, '^\s*(\S+(?:\s+\S+){0,2})', 1)",
    "first_tool": "tools[1]",
    "thinking_budget": "thinking_budget",
    "temperature": "temperature",
    "max_tokens": "max_tokens",
    "output": "output_modalities[1]",
    "model": "request_model",
    "stream": "stream",
    "_agent": "user_agent",
    "_stack": "user_agent || ' ' || ja4",
    "_country": "country",
}
"""View → what is taken of an exchange; the account has the commonest value. Those with _ are parts of other views."""
_OF_EXCHANGES = {
    "has_system": "bool_or(system_instructions is not null)",
    "has_tools": "coalesce(bool_or(len(tools) > 0), false)",
    "one_turn": "max(turn) = 1",
    "several_choices": "coalesce(bool_or(choices > 1), false)",
    "_volume": "count(*)",
    **{f"_hour_{hour}": f"count(*) filter (hour(sent_at) = {hour})" for hour in range(_HOURS)},
    "_weekend": "count(*) filter (isodow(sent_at) > 5)",
    **{
        f"_{script}": f"sum(length(start) - length(regexp_replace(start, '\\p{{{script}}}', '', 'g')))"
        for script in ("Han", "Cyrillic", "Latin")
    },
}
"""View → an expression over all exchanges of the account, each with the `start` of its prompt."""
_OF_ACCOUNT = {
    "plan": "plan",
    "programme": "programme",
    "verification": "verification",
    "has_card": "payment_fingerprint is not null",
    "has_organization": "organization_id is not null",
    "has_owner": "owner is not null",
    "issuer": "payment_issuer",
    "_mail": "email_domain",
    "mail_shape": "email_shape",
    "signup_is_billing": "signup_country = billing_country",
    "_billing": "billing_country",
    "close_reason": "close_reason",
    "new": "created_at >= (select min(sent_at) from exchanges)",
}
"""View → an expression over the account's row; `new`: created after the log began."""


@dataclass(frozen=True, slots=True)
class Views:
    """Accounts of one or several worlds, as words.

    Args:
        words: view → each value that it takes.
        codes: view → number of each account's value, shape (accounts,).
        positive: which accounts belong to a campaign.
        half: half of the accounts, by a hash of the id; worlds of one seed share ids, which stay together.
        world: number of each account's world.
    """

    words: Mapping[str, Sequence[str]]
    codes: Mapping[str, Array]
    positive: Array
    half: Array
    world: Array


def views_of(worlds: Sequence[Path]) -> Views:
    """The views of all accounts of some worlds that sent anything; a reseller's customers are left out.

    Args:
        worlds: folders with `traffic` and `truth`.

    Raises:
        UsageError: a folder is no world, or the worlds hold no campaign or nothing else.
    """
    parts = [_read(world) for world in worlds]
    positive = np.concatenate([np.zeros(0, dtype=bool), *(part.pop("_positive") for part in parts)]).astype(bool)
    if positive.all() or not positive.any():
        found = f"{int(positive.sum())} of {len(positive)} accounts belong to a campaign"
        raise UsageError("worlds", found, "campaign and benign accounts", "add a world that holds the others")
    world = np.repeat(np.arange(len(parts)), [len(part[KEY]) for part in parts])
    raw = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    half = np.array([hashlib.blake2b(one.encode(), digest_size=1).digest()[0] % 2 == 0 for one in raw[KEY]])
    words, codes = {}, {}
    for view, values in _categories(raw).items():
        distinct, codes[view] = np.unique(values.astype(str), return_inverse=True)
        words[view] = tuple(distinct.tolist())
    return Views(words, codes, positive, half, world)


def _read(world: Path) -> dict[str, Array]:
    """Ids, labels and raw views of a world's accounts, customers left out; objects, None where there is nothing."""
    path = world / "truth" / "accounts.parquet"
    if not path.is_file():
        raise UsageError(str(path), "no such file", "a truth folder beside the traffic", "give a simulated world")
    role = {row[KEY]: row["role"] for row in pq.read_table(path, columns=[KEY, "role"]).to_pylist()}
    values: dict[str, Array] = {}
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for table in ("exchanges", "accounts"):
            connection.read_parquet(traffic_files(world / "traffic", table)).create_view(table)
        connection.execute(f"create table ids as select distinct {KEY} from exchanges")
        for query in _queries():
            table = connection.sql(
                f"select ids.{KEY}, found.* exclude ({KEY}) from ids left join ({query}) found using ({KEY}) order by 1"
            ).to_arrow_table()
            values |= {name: np.array(table[name].to_pylist(), dtype=object) for name in table.column_names}
    roles = [role.get(one) for one in values[KEY]]
    judged = np.array([one in (None, *POSITIVE_ROLES) for one in roles], dtype=bool)
    values["_positive"] = np.array([one in POSITIVE_ROLES for one in roles], dtype=object)
    return {name: entries[judged] for name, entries in values.items()}


def _queries() -> Iterator[str]:
    """Queries with one row an account; of equally common values the largest is taken, on every machine."""
    for view, sql in _MODES.items():
        counted = f"select {KEY}, {sql} as v, count(*) as n from exchanges group by all"
        common = "(max({'n': n, 'v': v}) filter (where v is not null)).v"
        yield f"select {KEY}, {common} as {view} from ({counted}) group by 1"
    summed = ", ".join(f"{sql} as {view}" for view, sql in _OF_EXCHANGES.items())
    yield f"select {KEY}, {summed} from (select *, left(prompt, {_FIRST_LETTERS}) as start from exchanges) group by 1"
    yield f"select {KEY}, {', '.join(f'{sql} as {view}' for view, sql in _OF_ACCOUNT.items())} from accounts"


def _categories(raw: Mapping[str, Array]) -> dict[str, Array]:
    """Each view's value for each account, out of raw views of all worlds."""
    made = {view: _or_none(values) for view, values in raw.items() if not view.startswith("_") and view != KEY}
    mail, stack, agent = (_or_none(raw[name]) for name in ("_mail", "_stack", "_agent"))
    rare = _holders(mail) < _RARE_MAIL * len(mail)
    made["mail_domain"] = np.where(rare & (mail != NONE), "rare", mail)
    unusual = _holders(stack) < _UNUSUAL * _holders(agent)
    made["stack"] = np.where(stack == NONE, NONE, np.where(unusual, "unusual", "usual"))
    country, billing = _or_none(raw["_country"]), _or_none(raw["_billing"])
    unknown = (country == NONE) | (billing == NONE)
    made["address_is_billing"] = np.where(unknown, NONE, (country == billing).astype(str))
    letters = np.stack([_numbers(raw[f"_{script}"]) for script in ("Latin", "Han", "Cyrillic")])
    scripts = np.array(["Latin", "Han", "Cyrillic"])[letters.argmax(axis=0)]
    made["script"] = np.where(letters.sum(axis=0) == 0, NONE, scripts)
    return made | _rhythm(raw)


def _rhythm(raw: Mapping[str, Array]) -> dict[str, Array]:
    """Volume and rhythm in parts of equal size; the quiet hours are the eight emptiest in a row, wherever they lie."""
    volume = _numbers(raw["_volume"])
    hours = np.stack([_numbers(raw[f"_hour_{hour}"]) for hour in range(_HOURS)])
    windows = np.stack([np.roll(hours, -start, axis=0)[:_QUIET_HOURS].sum(axis=0) for start in range(_HOURS)])
    return {
        "volume": _part(volume, 4),
        "night_hours": _part(hours[:_NIGHT_HOURS].sum(axis=0) / volume, 3),
        "quiet_hours": _part(windows.min(axis=0) / volume, 3),
        "weekend": _part(_numbers(raw["_weekend"]) / volume, 3),
    }


def _or_none(values: Array) -> Array:
    """Values as words, with a word for none."""
    return np.array([NONE if value is None else str(value) for value in values])


def _numbers(values: Array) -> Array:
    """Values as numbers, 0 for none."""
    return np.array([0 if value is None else value for value in values], dtype=np.float64)


def _holders(values: Array) -> Array:
    """How many accounts have each account's value."""
    _, where, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(count[where])


def _part(values: Array, parts: int) -> Array:
    """Which of `parts` parts of about equal size each value falls into, as words; equal values stay together."""
    edges = np.quantile(values, np.arange(1, parts) / parts) if len(values) else np.zeros(0)
    return np.array([f"{part + 1} of {parts}" for part in np.searchsorted(edges, values, side="left")])
