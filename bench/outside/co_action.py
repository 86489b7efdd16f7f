"""Who acted on the same thing at the same time, in two recorded corpora without account labels → populations.

An entity is an object within a clock window. Four families, so that no post is on two sides: a post goes to a family by
its day, or, where every post acts on one object, by its object. Strata: how much an account posts, by powers of two.
Three ways to deal the events anew; each keeps how often every account acts and every object is acted on:

* `times within object`: the users of an object exchange its times. Where one group alone uses an object, it keeps it.
* `times within account`: an account pairs its objects and its times anew. One that acts on a single object keeps it.
* `accounts within day`: the events of a day keep object and time, and exchange accounts. Nobody keeps anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from bench.outside.entities import Strata, population
from numpy.typing import NDArray

from hydrometer.base.draws import generator
from hydrometer.base.population import Population

FILE = "dev_coord_events.parquet"
DAY_MS = 86_400_000
SECOND_MS = 1_000
LAYERS = ("payment_fingerprint", "mail_shape", "tool_set", "configuration")
"""Two families of either side."""
MIXER = 2_654_435_761
WORD = 2**32
"""Knuth's multiplicative hash: which family a day or an object falls to."""
DEALINGS = ("times within object", "times within account", "accounts within day")
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Events:
    """Events in the order of account, object, time; each array has shape (events,).

    Attributes:
        account: its number.
        thing: number of the object.
        at_ms: time in milliseconds since the epoch.
    """

    account: Numbers
    thing: Numbers
    at_ms: Numbers


def read(data: Path, source: str) -> Events:
    """The events of one corpus."""
    rows = duckdb.execute(
        """select dense_rank() over (order by account_id) - 1 as account, epoch_ms(acted_at) as at_ms,
        dense_rank() over (order by entity_type, entity) - 1 as thing from read_parquet(?) where source = ?
        order by account, thing, at_ms, post_id""",
        [str(data / FILE), source],
    ).fetchnumpy()
    return Events(*(np.asarray(rows[name]).astype(np.int64) for name in ("account", "thing", "at_ms")))


def dealt(events: Events, how: str, seed: int) -> Events:
    """The events dealt anew in one of the ways of `DEALINGS`."""
    draw = generator(seed, f"bench co-action {how}")
    if how == "times within object":
        return Events(events.account, events.thing, exchanged(events.at_ms, events.thing, draw))
    if how == "times within account":
        return Events(events.account, events.thing, exchanged(events.at_ms, events.account, draw))
    return Events(exchanged(events.account, events.at_ms // DAY_MS, draw), events.thing, events.at_ms)


def exchanged(values: Numbers, within: Numbers, draw: np.random.Generator) -> Numbers:
    """The values in random order within each group of `within`."""
    result = values.copy()
    result[np.argsort(within, kind="stable")] = values[np.lexsort((draw.random(len(values)), within))]
    return result


def co_actions(events: Events, window_s: int, split: str) -> Population:
    """The population of who acts on the same object in the same window.

    Args:
        events: the events.
        window_s: length of the clock windows.
        split: `day` or `object`, by which posts go to families.
    """
    key = events.at_ms // DAY_MS if split == "day" else events.thing
    family = (key * MIXER % WORD >> 16) % len(LAYERS)
    window = events.at_ms // (window_s * SECOND_MS)
    accounts = int(events.account.max()) + 1
    holdings = {
        name: (
            events.account[family == number],
            [
                f"{thing} {moment}"
                for thing, moment in zip(
                    events.thing[family == number].tolist(), window[family == number].tolist(), strict=True
                )
            ],
        )
        for number, name in enumerate(LAYERS)
    }
    often = [f"2^{int(np.log2(count))}" for count in np.bincount(events.account, minlength=accounts).tolist()]
    return population(accounts, holdings, Strata([often], [often], [often]))
