"""Figures of metadata against counting by hand, the laws that they must keep, and the library that ranks them."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from tests.prove.made import case, counts
from tests.prove.own import own_of

from hydrometer.base.cases import OwnOperators, Usage
from hydrometer.base.workspace import Workspace
from hydrometer.prove.judge import NO_USAGE, usages
from hydrometer.prove.metadata import EXCHANGES_MIN, METADATA_FAMILIES, METADATA_FIGURES, metadata, prompts_known
from hydrometer.prove.metadata_reference import (
    METADATA_LIBRARY,
    METADATA_WEIGHTS,
    metadata_reference,
    metadata_reference_with,
)
from hydrometer.prove.reference import ACCOUNTS_MIN, SPREADS_MAX, Weights, soft_rank
from hydrometer.prove.tests import harvest, harvest_metadata
from hydrometer.simulate.run import plugins, worlds
from hydrometer.simulate.world import DEVELOPMENT

UNITS, LAST = 10, 7
HOUR_US = 3_600_000_000
NAMES = tuple(METADATA_FIGURES)
EVERY = np.ones(len(NAMES), np.bool_)
OPERATORS_MIN = 5_000
"""Operators that `statistics.md` section 3.3 asks of a library."""
Row = dict[str, int]


def exchanges(seed: int) -> list[Row]:
    """Exchanges of ten accounts, in conversations of one to four turns."""
    draw = np.random.default_rng(seed)
    rows: list[Row] = []
    for conversation in range(250):
        account, epoch = int(draw.integers(UNITS)), int(draw.integers(0, 10))
        rows += [
            {"account": account, "epoch": epoch, "conversation": conversation, "turn": turn, "words": 0,
             "output_tokens": int(draw.integers(1, 900)), "tool_set": int(draw.integers(0, 2))}
            for turn in range(1, 1 + int(draw.choice([1, 1, 1, 2, 4])))
        ]  # fmt: skip
    return rows


def sent_us(workspace: Workspace, row: Row) -> int:
    """When an exchange was sent."""
    return row["epoch"] * workspace.epoch_us + row["turn"] * HOUR_US


def fill(workspace: Workspace, rows: list[Row]) -> None:
    """The tables that figures are read from; each account is a unit."""
    names = ("conversation", "turn", "output_tokens", "tool_set", "words")
    workspace.write("fingerprints", pa.table({
        "account_id": [f"a{row['account']}" for row in rows],
        "sent_us": pa.array([sent_us(workspace, row) for row in rows], pa.int64()),
        **{name: pa.array([row[name] for row in rows], pa.int64()) for name in names},
    }))  # fmt: skip
    workspace.write("units", pa.table({"account_id": [f"a{n}" for n in range(UNITS)], "unit": range(UNITS)}))


def by_hand(workspace: Workspace, rows: list[Row], members: set[int]) -> dict[str, float]:
    """Every figure, counted one row after the other."""
    own = [row for row in rows if row["account"] in members and row["epoch"] <= LAST]
    size = Counter((row["account"], row["conversation"]) for row in own)
    lone = [row for row in own if size[row["account"], row["conversation"]] == 1]
    share = lambda part, whole: (part + 0.5) / (whole + 1.0)  # noqa: E731
    found: dict[str, float] = {}
    for prefix, some in (("", own), ("lone_", lone)):
        answers = np.array([round(1000 * math.log(1 + row["output_tokens"])) / 1000 for row in some])
        hours = np.array(list(Counter(sent_us(workspace, row) // HOUR_US % 24 for row in some).values())) / len(some)
        told = len(some) >= EXCHANGES_MIN or not prefix
        found[f"{prefix}answer_length"] = answers.mean() if told else math.nan
        found[f"{prefix}answer_spread"] = answers.std() if told else math.nan
        found[f"{prefix}hours"] = float(-(hours * np.log(hours)).sum() / math.log(24)) if told else math.nan
    volumes = np.array(list(Counter(row["account"] for row in own).values())) / len(own)
    return found | {
        "follow_ups": share(sum(row["turn"] > 1 for row in own), len(own)),
        "lone": share(len(lone), len(own)),
        "tools": share(sum(row["tool_set"] != 0 for row in own), len(own)),
        "volumes": float(-(volumes * np.log(volumes)).sum() / math.log(max(len(volumes), 2))),
    }


def named(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> dict[str, float]:
    return dict(zip(NAMES, values.tolist(), strict=True))


@pytest.mark.parametrize("seed", [1, 2])
def test_figures_are_those_that_counting_gives(workspace: Workspace, seed: int) -> None:
    rows = exchanges(seed)
    fill(workspace, rows)
    groups = [{0, 1, 2, 3, 4, 5}, {3}, {6, 7, 8, 9}]
    values, sent, accounts = metadata(workspace, [np.array(sorted(group)) for group in groups], LAST)
    for place, group in enumerate(groups):
        expected = by_hand(workspace, rows, group)
        assert named(values[place]) == pytest.approx(expected, abs=1e-9, nan_ok=True)
        assert sent[place] == sum(row["account"] in group and row["epoch"] <= LAST for row in rows)
        assert accounts[place] == len(group)


def test_neither_other_groups_nor_the_order_of_rows_matter(workspace: Workspace) -> None:
    rows = exchanges(3)
    fill(workspace, rows)
    one, other = np.array([0, 1, 2]), np.array([2, 3, 4, 5])
    together, alone = (metadata(workspace, groups, LAST)[0] for groups in ([one, other], [other]))
    assert np.array_equal(together[1], alone[0], equal_nan=True)
    fill(workspace, rows[::-1])
    assert np.array_equal(together, metadata(workspace, [one, other], LAST)[0], equal_nan=True)


def test_no_groups_and_groups_that_sent_nothing(workspace: Workspace) -> None:
    fill(workspace, [row for row in exchanges(5) if row["account"] != 0])
    assert metadata(workspace, [], LAST)[0].shape == (0, len(NAMES))
    silent, sent, _ = metadata(workspace, [np.array([0]), np.array([1])], LAST)
    assert sent[0] == 0 and not np.isinf(silent).any()


def test_what_a_log_cannot_tell_is_not_a_number(workspace: Workspace) -> None:
    fill(workspace, [row | {"epoch": 3} for row in exchanges(6)])
    table = workspace.read("fingerprints")
    for name in ("turn", "output_tokens", "conversation", "tool_set"):
        table = table.set_column(table.column_names.index(name), name, pa.nulls(len(table), pa.int64()))
    workspace.write("fingerprints", table)
    (found,) = metadata(workspace, [np.arange(UNITS)], LAST)[0]
    assert {name for name, value in named(found).items() if not math.isnan(value)} == {"volumes"}


def test_it_looks_only_where_no_exchange_has_a_prompt(workspace: Workspace) -> None:
    rows = exchanges(7)
    fill(workspace, rows)
    assert not prompts_known(workspace)
    (usage,) = usages(workspace, [np.arange(UNITS)], LAST)
    assert usage.metadata is not None and np.isfinite(usage.metadata).all()
    assert harvest.judge(case(workspace, [0], group=counts([0], [0.0]), usage=usage)).log_e is None
    few, none = usages(workspace, [np.array([0]), np.array([0])], 0)
    assert few.metadata is not None and np.isnan(few.metadata).all(), "too few exchanges to say anything"
    assert harvest_metadata.judge(case(workspace, [0], usage=none)).log_e is None
    assert harvest_metadata.judge(case(workspace, [0], usage=NO_USAGE)).log_e is None
    table = workspace.read("fingerprints")
    one = pa.array([5, *[0] * (len(table) - 1)], pa.int64())
    workspace.write("fingerprints", table.set_column(table.column_names.index("words"), "words", one))
    assert prompts_known(workspace)


# --- the library -----------------------------------------------------------------------------------------------------


def everything(weights: Weights, spreads: float = 2.0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Figures that show all that a data-set builder shows."""
    return np.asarray(weights.mean + spreads * weights.spread * np.sign(weights.weight))


def test_families_hold_every_figure_once() -> None:
    assert sorted(name for members in METADATA_FAMILIES.values() for name in members) == sorted(METADATA_FIGURES)


def test_everything_at_once_reaches_what_the_library_allows_and_no_more(workspace: Workspace) -> None:
    library = metadata_reference()
    most = math.log(len(library.kinds) + 1)
    usage = Usage(NO_USAGE.profile, NO_USAGE.forms, everything(library.weights))
    finding = harvest_metadata.judge(case(workspace, [0], usage=usage))
    assert finding.log_e is not None and 0.9 * most < finding.log_e <= most
    assert f"0 of {len(library.kinds)}" in finding.evidence[0].statement
    assert "own 0, all simulated" in str(finding.evidence[0].null_model)


def test_no_single_family_convicts_whatever_it_shows() -> None:
    library = metadata_reference()
    weights, known = library.weights, ~np.isnan(library.values).any(axis=1)
    scores = np.where(known, library.scores(EVERY), np.inf)
    calm, slope = library.values[int(np.argmin(scores))], np.sign(weights.weight)
    for members in METADATA_FAMILIES.values():
        loud = calm.copy()
        for name in members:
            place = NAMES.index(name)
            loud[place] = np.nanmax((library.values * slope)[:, place]) * slope[place]
        assert soft_rank(float(weights.score(loud[None, :])[0]), library.scores(EVERY)) < 0.0


def test_what_a_log_cannot_tell_is_left_out_on_both_sides() -> None:
    library = metadata_reference()
    known = EVERY.copy()
    known[NAMES.index("hours")] = False
    group = library.values[7].copy()
    group[~known] = np.nan
    assert library.weights.score(group[None, :])[0] == pytest.approx(library.scores(known)[7])


def test_far_beyond_what_was_fitted_a_figure_says_no_more() -> None:
    weights = metadata_reference().weights
    far, farther = (weights.mean + distance * weights.spread for distance in (SPREADS_MAX, 1e6))
    assert np.allclose(weights.parts(far), weights.parts(farther))


def test_what_is_shipped_was_measured_on_development_worlds_alone_and_is_large_enough() -> None:
    fitted = yaml.safe_load(METADATA_WEIGHTS.read_text(encoding="utf-8"))
    known = worlds()
    assert {known[name.split()[0]].split for name in fitted["fitted_on"]} == {DEVELOPMENT}
    allowed = {placement.plugin for world in known.values() if world.split == DEVELOPMENT for placement in world.benign}
    kinds = {kind.removeprefix("strangers:") for kind in metadata_reference().kinds}
    assert kinds <= allowed & set(plugins())
    assert len(metadata_reference().kinds) >= OPERATORS_MIN
    assert min(pq.read_table(METADATA_LIBRARY)["accounts"].to_pylist()) >= ACCOUNTS_MIN
    assert METADATA_LIBRARY.stat().st_size < 2**21


def test_own_operators_stand_behind_the_shipped_ones_where_they_were_measured(workspace: Workspace) -> None:
    shipped, bare = metadata_reference(), own_of(np.array([0.0, 1.0]))
    assert metadata_reference_with(bare) is shipped
    figures = np.stack([everything(shipped.weights), np.full(len(NAMES), np.nan)])
    own = OwnOperators(bare.kinds, bare.profiles, bare.forms, bare.known_us, figures)
    found = metadata_reference_with(own)
    assert found.own == 1 and len(found.kinds) == len(shipped.kinds) + 1
    assert "(own 1, simulated" in found.null_model
    usage = Usage(NO_USAGE.profile, NO_USAGE.forms, everything(shipped.weights))
    alone, beside = (harvest_metadata.judge(case(workspace, [0], usage=usage)).log_e, soft_rank(
        float(shipped.weights.score(figures[:1])[0]), found.scores(EVERY)))  # fmt: skip
    assert alone is not None and beside < alone, "an own operator that works alike takes evidence away"
