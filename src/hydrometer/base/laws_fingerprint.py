"""The laws of signals: a fingerprint depends on its own exchange and on nothing else.

They make the columns the same on every engine, in batches of any size, and let account states be merged; above all no
account may leak into another one's evidence. Source: the architecture, sections 4 and 6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hydrometer.base.draws import generator
from hydrometer.base.families import FAMILY_OF, UNKNOWN
from hydrometer.base.laws import attempted, differences, shown, wilson
from hydrometer.base.signals import READING, Signal
from hydrometer.base.tables import INPUTS

Measure = Callable[[pa.Table], pa.Table]
"""n exchanges → n rows, in their order, with at least the signal's columns."""
SignalLaw = Callable[[Signal, Measure, pa.Table], list[str]]

OPTIONAL = tuple(field.name for field in INPUTS["exchanges"] if field.nullable)
ALONE = 12
"""Accounts that are measured apart from all others."""
BATCH_SIZES = (1, 7, 64)
THREADS = 4
ACCOUNT_SHARE = 0.5
"""An account shows a signal where at least this share of its exchanges has a value in the signal's first column."""


def declares_what_it_fills(signal: Signal, measure: Measure, rows: pa.Table) -> list[str]:
    """Its columns have their types and the batch's length; layers are known ones and name columns of hashes."""
    found = measure(rows)
    told = [] if len(found) == len(rows) else [f"{len(found)} rows for {len(rows)} exchanges"]
    for column, kind in signal.columns.items():
        if column not in found.column_names:
            told.append(f"column {column} is declared and not filled")
        elif found.schema.field(column).type != kind:
            told.append(f"column {column} is {found.schema.field(column).type}, declared as {kind}")
    for layer, columns in signal.layers.items():
        if layer not in FAMILY_OF:
            told.append(f"layer {layer} is in no family of base/families.py")
        told += [
            f"layer {layer}: {name} is no column of 64-bit hashes of it"
            for name in columns
            if signal.columns.get(name) != pa.int64()
        ]
    told += [f"needs {name}, which is no canonical column" for name in signal.needs if name not in OPTIONAL]
    return told + [
        f"it does not say its {name}" for name in ("unit", "cost_of_evasion", "source") if not getattr(signal, name)
    ]


def empty_in_empty_out(signal: Signal, measure: Measure, rows: pa.Table) -> list[str]:
    """No exchange, no row; the columns are there all the same."""
    found = measure(rows.slice(0, 0))
    lacking = [f"without rows column {name} is missing" for name in signal.columns if name not in found.column_names]
    return lacking + ([f"{len(found)} rows for no exchange"] if len(found) else [])


def row_order_is_irrelevant(signal: Signal, measure: Measure, rows: pa.Table) -> list[str]:
    """Rows in any other order give the same rows in that order."""
    expected = _own(signal, measure(rows))
    told = []
    shuffled = generator(0, "law of row order").permutation(len(rows))
    for what, order in (("rows reversed", np.arange(len(rows))[::-1]), ("rows shuffled", shuffled)):
        indices = pa.array(order)
        told += differences(what, _own(signal, measure(rows.take(indices))), expected.take(indices))
    return told


def account_names_are_irrelevant(signal: Signal, measure: Measure, rows: pa.Table) -> list[str]:
    """Accounts of other names, of one name, and of names that are dealt anew give the same."""
    expected = _own(signal, measure(rows))
    names = rows["account_id"].to_pylist()
    dealt = generator(0, "law of account names").permutation(len(names))
    told = []
    for what, renamed in (
        ("accounts renamed", [f"renamed {name}" for name in names]),
        ("accounts of one name", ["one"] * len(names)),
        ("account names dealt anew", [names[place] for place in dealt]),
    ):
        told += differences(
            what, _own(signal, measure(_with(rows, "account_id", pa.array(renamed, pa.string())))), expected
        )
    return told


def other_accounts_are_irrelevant(signal: Signal, measure: Measure, rows: pa.Table) -> list[str]:
    """The fingerprint of one account's rows alone is that of its rows in the midst of all others."""
    whole = _own(signal, measure(rows))
    accounts = sorted(set(rows["account_id"].to_pylist()))
    told: list[str] = []
    for name in accounts[:: max(1, len(accounts) // ALONE)]:
        mask = pc.equal(rows["account_id"], name)
        told += differences(
            f"account {shown(name)} alone", _own(signal, measure(rows.filter(mask))), whole.filter(mask)
        )
    return told


def batches_are_irrelevant(signal: Signal, measure: Measure, rows: pa.Table) -> list[str]:
    """Measured in pieces of any size, by several threads, or once more, the same exchanges give the same."""
    expected = _own(signal, measure(rows))
    told = differences("measured once more", _own(signal, measure(rows)), expected)
    for size in BATCH_SIZES:
        pieces = [rows.slice(start, size) for start in range(0, len(rows), size)]
        told += differences(
            f"batches of {size}", pa.concat_tables([_own(signal, measure(one)) for one in pieces]), expected
        )
        with ThreadPoolExecutor(THREADS) as pool:
            parts = [_own(signal, found) for found in pool.map(measure, pieces)]
        told += differences(f"batches of {size} on {THREADS} threads", pa.concat_tables(parts), expected)
    return told


def null_safe(signal: Signal, measure: Measure, rows: pa.Table) -> list[str]:
    """Any optional column may be missing, and all of them; it never breaks down and keeps its columns' length."""

    def nulled(names: Iterable[str]) -> list[str]:
        table = rows
        for name in names:
            table = _nulled(table, name)
        return declares_what_it_fills(signal, measure, table)

    told = attempted("every optional column null", partial(nulled, OPTIONAL))
    for name in OPTIONAL:
        told += attempted(f"{name} null", partial(nulled, (name,)))
    return told


def reads_what_it_needs(signal: Signal, measure: Measure, rows: pa.Table) -> list[str]:
    """Without the columns that it needs it abstains; columns that it does not need change nothing."""
    expected, without = _own(signal, measure(rows)), rows
    for name in signal.needs:
        without = _nulled(without, name)
    told = []
    for column, values in zip(signal.columns, _own(signal, measure(without)).columns, strict=True):
        strange = {value for value in values.to_pylist() if value not in (None, 0, UNKNOWN)}
        if strange:
            told.append(f"without {', '.join(signal.needs)} column {column} still says {shown(min(strange, key=str))}")
    for name in OPTIONAL:
        if name not in signal.needs:
            told += differences(
                f"{name} null, which it does not say it needs", _own(signal, measure(_nulled(rows, name))), expected
            )
    return told


LAWS: tuple[SignalLaw, ...] = (
    declares_what_it_fills,
    empty_in_empty_out,
    row_order_is_irrelevant,
    account_names_are_irrelevant,
    other_accounts_are_irrelevant,
    batches_are_irrelevant,
    null_safe,
    reads_what_it_needs,
)
"""Laws that need nothing but some exchanges of several accounts."""


def same_on_every_engine(signal: Signal, measure: Measure, there: Measure, rows: pa.Table) -> list[str]:
    """What an engine makes of the exchanges, wherever it works on them, is what one pass over them here makes.

    Args:
        signal: the signal.
        measure: the pass over exchanges in this process.
        there: the same, by an engine.
        rows: exchanges of several accounts.
    """
    return differences("by the engine", _own(signal, there(rows)), _own(signal, measure(rows)))


def accounts_showing(signal: Signal, measure: Measure, rows: pa.Table) -> tuple[int, int]:
    """(accounts that show the signal, accounts): at least half of an account's exchanges have its first column."""
    first = next(iter(signal.columns))
    values = measure(rows)[first]
    has = pc.fill_null(pc.and_(pc.is_valid(values), pc.not_equal(values, pa.scalar(0, values.type))), False)
    _, number = np.unique(np.asarray(rows["account_id"].to_pylist(), dtype=str), return_inverse=True)
    total = np.bincount(number)
    hits = np.bincount(number, weights=np.asarray(has), minlength=len(total))
    return int((hits >= ACCOUNT_SHARE * total).sum()), len(total)


def holds_still(signal: Signal, measure: Measure, rows: pa.Table, most: float) -> list[str]:
    """On exchanges of benign accounts at most a share `most` of accounts shows it, by the interval's upper end."""
    hits, total = accounts_showing(signal, measure, rows)
    high = wilson(hits, total)[1]
    return (
        [] if high <= most else [f"{hits} of {total} benign accounts show it, up to {high:.1%}; at most {most:.1%} may"]
    )


def fires(signal: Signal, measure: Measure, rows: pa.Table, least: float) -> list[str]:
    """On exchanges of campaign accounts at least a share `least` of accounts shows it, by the interval's lower end."""
    hits, total = accounts_showing(signal, measure, rows)
    low = wilson(hits, total)[0]
    return (
        []
        if low >= least
        else [f"{hits} of {total} campaign accounts show it, from {low:.1%}; at least {least:.1%} must"]
    )


def weeks_merge(
    weigh: Callable[[pa.Table], pa.Table], merge: Callable[[pa.Table, pa.Table], pa.Table], rows: pa.Table
) -> list[str]:
    """The law of merging: account-weeks of A and B together are the merged account-weeks of A and of B.

    Args:
        weigh: fingerprints → account-weeks.
        merge: account-weeks of two parts → account-weeks of the whole.
        rows: fingerprints of several accounts and weeks.
    """
    expected = _by_week(weigh(rows))
    sent = rows["sent_us"].to_numpy()
    names = np.asarray(rows["account_id"].to_pylist(), dtype=str)
    told: list[str] = []
    for what, left in (
        ("accounts apart", names < np.sort(names)[len(names) // 2]),
        ("earlier and later apart", sent < np.sort(sent)[len(sent) // 2]),
        ("every other row apart", np.arange(len(rows)) % 2 == 0),
        ("nothing and all", np.zeros(len(rows), np.bool_)),
    ):
        parts = [weigh(rows.filter(pa.array(side))) for side in (left, ~left)]
        told += differences(what, _by_week(merge(*parts)).select(expected.column_names), expected)
        told += differences(
            f"{what}, the other way round", _by_week(merge(*parts[::-1])).select(expected.column_names), expected
        )
    return told


def fast_equals_slow(
    fast: Callable[[Sequence[str]], NDArray[np.int64]], slow: Callable[[str], Sequence[int]], texts: Sequence[str]
) -> list[str]:
    """The compiled pass over text gives what its plain twin gives.

    Args:
        fast: n texts → shape (n, 8), columns as in `READING`.
        slow: one text → those 8 numbers.
        texts: what both read.
    """
    found = fast(texts)
    return [
        f"{name} of {shown(text)} is {int(row[column])}, the plain twin says {expected[column]}"
        for text, row, expected in zip(texts, found, map(slow, texts), strict=True)
        for column, name in enumerate(READING)
        if int(row[column]) != expected[column]
    ]


def _own(signal: Signal, found: pa.Table) -> pa.Table:
    """The signal's own columns."""
    return found.select(list(signal.columns))


def _by_week(table: pa.Table) -> pa.Table:
    return table.sort_by([("account_id", "ascending"), ("week", "ascending")])


def _with(rows: pa.Table, name: str, column: pa.Array) -> pa.Table:
    """`rows` with another column of that name."""
    place = rows.column_names.index(name)
    return rows.set_column(place, rows.schema.field(name), pa.chunked_array([column]))


def _nulled(rows: pa.Table, name: str) -> pa.Table:
    """`rows` without any value of one column."""
    return _with(rows, name, pa.nulls(len(rows), rows.schema.field(name).type))
