"""Fingerprints by unit, and what is counted of them, against the same counted the long way."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from tests.fingerprint.made import KEY, Made, exchange, silent

from hydrometer.base.units import FILL_MIN
from hydrometer.base.workspace import Workspace
from hydrometer.fingerprint import by_unit, counting, entities, states
from hydrometer.fingerprint.lexicon import lexicon
from hydrometer.fingerprint.run import fingerprint, signals

Integers = NDArray[np.int64]
Log = tuple[Integers, Integers, Integers]
UNITS, EPOCHS, EXCHANGES = 30, 7, 2_000
WRITTEN = ("entities", "shown", "items", "unit_epochs", "bursts")


@pytest.fixture
def log() -> Log:
    """Exchanges of some units: first of each, epoch, two entities of each of a few dozen."""
    draw = np.random.default_rng(11)
    units = np.sort(draw.integers(0, UNITS, EXCHANGES))
    starts = np.searchsorted(units, np.arange(UNITS + 1))
    epochs = np.concatenate([np.sort(draw.integers(0, EPOCHS, n)) for n in np.diff(starts)])
    values = draw.integers(-20, 20, (2, EXCHANGES)) * np.iinfo(np.int64).max // 20
    return starts, epochs, values


def by_hand(log: Log, least: float) -> dict[tuple[int, int, int], int]:
    """(unit, entity, epoch) → exchanges."""
    starts, epochs, values = log
    found = {}
    for unit, (first, end) in enumerate(pairwise(starts)):
        sent = Counter(epochs[first:end].tolist())
        counts: dict[int, Counter[int]] = defaultdict(Counter)
        for column in values[:, first:end].tolist():
            for entity, epoch in zip(column, epochs[first:end].tolist(), strict=True):
                counts[entity][epoch] += 1
        for entity in counts.keys() - {0}:
            yet, since = 0, None
            for epoch in sorted(counts[entity]):
                yet += counts[entity][epoch]
                total = sum(n for one, n in sent.items() if one <= epoch)
                if since is not None:
                    found[unit, entity, epoch] = counts[entity][epoch]
                elif yet >= total * least:
                    since, found[unit, entity, epoch] = epoch, yet
    return found


@pytest.mark.parametrize("least", [0.0, 0.05, 0.08, 1.0])
def test_what_units_have_is_what_is_counted_by_hand(log: Log, least: float) -> None:
    pieces = [counting.held(*log, least, first, end) for first, end in by_unit.runs(log[0], 150)]
    rows = [tuple(row) for piece in pieces for row in np.stack(piece, axis=1).tolist()]
    found = {row[:3]: row[3] for row in rows}
    assert len(found) == len(rows)
    assert found == by_hand(log, least)


def test_the_first_of_a_unit_is_the_first_that_is_not_nothing(log: Log) -> None:
    starts, epochs, values = log
    values[:, starts[3] : starts[4]] = 0
    values[:, starts[4]] = 0
    shows = (values != 0).any(axis=0)
    expected = [epochs[first:end][shows[first:end]].min(initial=EPOCHS) for first, end in pairwise(starts)]
    found = counting.first_shown(starts, epochs, values)
    assert found[3] == counting.NEVER
    assert [EPOCHS if one == counting.NEVER else one for one in found] == expected


def test_a_burst_opens_after_a_longer_silence_than_the_gap() -> None:
    starts, sent = np.array([0, 4, 4, 6]), np.array([0, 5, 11, 11, 3, 9])
    unit, began = counting.opened(starts, sent, 5)
    assert list(zip(unit.tolist(), began.tolist(), strict=True)) == [(0, 0), (0, 11), (2, 3), (2, 9)]


def mixed(workspace_of: Made) -> Workspace:
    """Some accounts' exchanges in no order of time, two of them of one owner, some with nothing to show."""
    draw, rows = np.random.default_rng(5), list[dict[str, Any]]()
    for number in range(400):
        words = " ".join(draw.choice(["tides", "write", "story", "daughter", "a", "long", "please", "of"], 9))
        prompt = [None, "hi", words, words][int(draw.integers(4))]
        rows.append(
            exchange(
                number,
                f"a{draw.integers(12)}",
                float(draw.integers(60)),
                prompt=prompt,
                client_ip=f"10.0.0.{draw.integers(9)}",
            )
        )
    accounts = [{"account_id": f"a{number}", "owner": "o" if number in (1, 7) else None} for number in range(12)]
    made = workspace_of(*rows, accounts=accounts)
    fingerprint(made, KEY, silent)
    entities.write_units(made)
    return made


def test_a_part_has_the_exchanges_of_its_units_in_the_order_of_time(
    workspace_of: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = mixed(workspace_of)
    monkeypatch.setattr(by_unit, "PART_ROWS", 90)
    expected = workspace.query(
        "select unit, sent_us, coalesce(client_ip, 0) as client_ip from {fingerprints} join {units} using (account_id)"
    )
    rows = []
    with by_unit.clustered(workspace, ["client_ip"]) as exchanges:
        assert len(exchanges.sources) > 2
        for part in exchanges.parts():
            units = np.repeat(np.arange(part.first, part.first + len(part.starts) - 1), np.diff(part.starts))
            sent, shown = part.column("sent_us"), part.column("client_ip")
            assert (part.epochs == sent // workspace.epoch_us).all()
            assert (np.lexsort((sent, units)) == np.arange(len(units))).all()
            rows += list(zip(units.tolist(), sent.tolist(), shown.tolist(), strict=True))
    assert sorted(rows) == sorted(tuple(row.values()) for row in expected.to_pylist())
    assert not list(workspace.folder.glob("fingerprints_*"))


def test_how_a_log_is_cut_leaves_no_trace(workspace_of: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = mixed(workspace_of)
    found = []
    for part_rows, chunk_rows, share_rows in ((1 << 24, 1 << 19, 1 << 18), (90, 20, 50), (1, 1, 1)):
        monkeypatch.setattr(by_unit, "PART_ROWS", part_rows)
        monkeypatch.setattr(by_unit, "CHUNK_ROWS", chunk_rows)
        monkeypatch.setattr(by_unit, "SHARE_ROWS", share_rows)
        states.write_states(workspace, tuple(lexicon().techniques))
        entities.write_entities(workspace, signals(), KEY, silent)
        found.append({name: workspace.query(f"from {{{name}}} order by all") for name in WRITTEN})
    assert all(table.num_rows for table in found[0].values())
    assert found[1] == found[0]
    assert found[2] == found[0]


def test_items_and_their_counts_are_those_of_a_query(workspace_of: Made) -> None:
    workspace = mixed(workspace_of)
    states.write_states(workspace, tuple(lexicon().techniques))
    items = workspace.query(
        """select unit, item, min(sent_us) // {epoch_us} as epoch, min(opening) as opening, min(closing) as closing,
        bit_or(techniques) as techniques from {fingerprints} join {units} using (account_id) where words > 0
        group by 1, 2 order by all"""
    )
    assert workspace.query("from {items} order by all") == items
    counts = workspace.query(
        """select unit, epoch, count(*) as items, count(*) filter (opening = 0 or closing = 0) as shorts,
        count(*) filter (techniques <> 0) as flagged, count(*) filter (techniques & 4 <> 0) as t2
        from items group by 1, 2 order by 1, 2""",
        items=items,
    )
    assert workspace.query("select unit, epoch, items, shorts, flagged, t2 from {unit_epochs} order by 1, 2") == counts
    openings = workspace.query(
        """select unit, epoch, count(*) as n from (select unit, min(epoch) as epoch from items where opening <> 0
        group by unit, opening) group by 1, 2 order by 1, 2""",
        items=items,
    )
    assert workspace.query("select unit, epoch, openings as n from {unit_epochs} where n > 0 order by 1, 2") == openings


FILLED = """
select unit, count(*) filter (
  (opening <> 0 and in_opening >= $fill) or (closing <> 0 and in_closing >= $fill))::bigint as filled
from (select *, count(*) over (partition by unit, opening) as in_opening,
             count(*) over (partition by unit, closing) as in_closing from {items} where epoch <= $last)
group by 1 order by 1
"""


def test_filled_in_forms_are_those_that_stand_at_each_moment(workspace_of: Made) -> None:
    """Drawn prompts with few openings and closings: an item becomes one of five by either, in any epoch."""
    draw, rows = np.random.default_rng(3), 3_000
    made = [draw.integers(0, most, rows) for most in (40, 30, 25, 25)]
    unit, epoch, opening, closing = (np.sort(made[0]), *made[1:])
    order = np.lexsort((epoch, unit))
    chunk = np.stack([np.arange(rows), epoch[order], opening, closing, np.zeros(rows, np.int64)])
    bounds = np.concatenate([[0], np.cumsum(np.bincount(unit, minlength=40))])
    keys, counts = counting.new_items(chunk.astype(np.int64), bounds.astype(np.int64), 0)
    names = ("unit", "item", "epoch", "opening", "closing")
    workspace = workspace_of(exchange(1))
    workspace.write("items", pa.table(dict(zip(names, (unit, *chunk[:4]), strict=True))))
    for last in range(30):
        expected = workspace.query(FILLED, {"fill": FILL_MIN, "last": last})
        upto = keys[1] <= last
        filled = np.bincount(keys[0][upto], weights=counts[upto, 5], minlength=40)
        assert filled[expected["unit"].to_numpy()].tolist() == expected["filled"].to_pylist()
    assert 0 < expected["filled"].to_numpy().sum() < rows


def test_times_before_1970_have_the_epochs_of_a_query(workspace_of: Made) -> None:
    times = np.array([-7, -5, -1, 0, 4, 5, 11])
    expected = workspace_of(exchange(1)).query("select t // 5 as e from times order by t", times=pa.table({"t": times}))
    assert by_unit.epochs_of(times.copy(), 5).tolist() == expected["e"].to_pylist()


def test_an_account_without_a_unit_is_in_no_part(workspace_of: Made) -> None:
    workspace = mixed(workspace_of)
    units = workspace.read("units")
    workspace.write("units", units.filter(pa.array([name != "a3" for name in units["account_id"].to_pylist()])))
    rows = workspace.query("select count(*) as n from {fingerprints} where account_id <> 'a3'")["n"][0].as_py()
    with by_unit.clustered(workspace, ["client_ip"]) as exchanges:
        assert sum(len(part.column("client_ip")) for part in exchanges.parts()) == rows
