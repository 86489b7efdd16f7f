"""Phases: found where a series has them, none on a flat one; silence and forecasts with their ranges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from tests.prove.facts.logs import START, exchange, log, subject

from hydrometer.base.workspace import Workspace
from hydrometer.prove.fact import Fact
from hydrometer.prove.facts import lifecycle
from hydrometer.prove.facts.lifecycle import DAY, forecast, phases
from hydrometer.prove.subject import Subject


def steps(days: Sequence[float]) -> NDArray[np.float64]:
    """Volume by steps of six hours, a quarter of each day's, most of it by day."""
    return np.concatenate([np.array([0.1, 0.3, 0.4, 0.2]) * day for day in days])


def names(volume: NDArray[np.float64], cleaned: NDArray[np.float64] | None = None) -> list[str]:
    return [phase.name for phase in phases(volume, np.zeros(len(volume)) if cleaned is None else cleaned)]


def test_a_campaign_probes_scales_collects_and_fades() -> None:
    days = [5, 5, 5, 20, 60, *[200] * 8, 10, 5]
    found = phases(steps(days), np.zeros(len(days) * DAY))
    assert [phase.name for phase in found] == ["probing", "scaling", "collecting", "fading"]
    assert found[0].begins == 0 and abs(found[1].begins / DAY - 4.0) <= 1.0 and abs(found[2].begins / DAY - 5.0) <= 1.0
    assert abs(found[3].begins / DAY - 13.0) <= 1.0
    assert [one.begins for one in found[1:]] == [one.ends for one in found[:-1]]


@pytest.mark.parametrize("spread", [0.0, 0.15, 0.3])
def test_a_flat_series_has_no_beginning_and_no_end(spread: float) -> None:
    draw = np.random.default_rng(4)
    wrong = 0
    for _ in range(200):
        level = draw.gamma(1 / spread**2, 300 * spread**2, 14) if spread else np.full(14, 300.0)
        wrong += names(draw.poisson(steps(list(level))).astype(float)) != ["collecting"]
    assert wrong <= (0 if spread < 0.2 else 40)


def test_the_time_of_day_is_no_phase() -> None:
    quiet_nights = np.tile([0.0, 200.0, 200.0, 0.0], 10)
    assert names(quiet_nights) == ["collecting"]


def test_days_of_cleaning_are_cut_out() -> None:
    volume = steps([300] * 10)
    cleaned = steps([0] * 6 + [250] * 4)
    found = phases(volume, cleaned)
    assert [phase.name for phase in found] == ["collecting", "cleaning"]
    assert abs(found[1].begins / DAY - 6.0) <= 0.75 and found[1].ends == 10 * DAY
    assert names(volume, steps([30] * 10)) == ["collecting"]


@pytest.mark.parametrize("days", [[10] * 10, [300] * 0, [40]])
def test_too_little_shows_no_phase(days: list[float]) -> None:
    assert phases(steps(days) if days else np.zeros(8), np.zeros(max(len(days), 2) * DAY)) == []


def test_a_week_of_history_is_needed_for_a_forecast() -> None:
    assert forecast(np.full(6, 100.0)) is None


@pytest.mark.parametrize("make", [
    lambda draw: draw.poisson(300, 14).astype(float),
    lambda draw: draw.poisson(draw.gamma(10, 30, 14)).astype(float),
    lambda draw: draw.poisson(100 + 15 * np.arange(14)).astype(float),
])  # fmt: skip
def test_the_range_holds_the_next_week(make: Callable[[np.random.Generator], NDArray[np.float64]]) -> None:
    draw, inside = np.random.default_rng(6), 0
    for _ in range(400):
        days = make(draw)
        found = forecast(days[:7])
        assert found is not None and found[0] <= found[1] <= found[2]
        inside += found[0] <= days[7:].sum() <= found[2]
    assert inside / 400 >= 0.9


# --- on a log --------------------------------------------------------------------------------------------------------


def told(workspace: Workspace, per_day: list[int], **columns: Any) -> dict[str, Fact]:
    """Rows of a group that sends so many a day, in a log whose others go on for two weeks."""
    rows = [exchange("other", hours) for hours in range(0, 14 * 24 + 1)]
    for day, count in enumerate(per_day):
        rows += [exchange("a", 24 * day + 23.0 * n / max(count, 1), **columns) for n in range(count)]
    log(workspace, rows)
    found = lifecycle.facts(subject(workspace, ["a"]))
    return {f"{row.fact} {row.subject or ''}".strip(): row for row in found}


def test_who_stops_is_silent_and_gets_no_forecast(workspace: Workspace) -> None:
    found = told(workspace, [80] * 10)
    assert found["still_running"].state == "not met" and found["forecast"].state == "unknown"
    assert "fallen silent" in found["forecast"].statement
    silent = found["phase silent"]
    assert silent.starts_at is not None and silent.starts_at.date() == (START + timedelta(days=9)).date()
    assert found["beginning"].state == "unknown"


def test_who_goes_on_is_running_with_a_forecast(workspace: Workspace) -> None:
    found = told(workspace, [0, 5, 5, *[80] * 11])
    assert found["still_running"].state == "met"
    ahead = found["forecast"]
    assert ahead.value == pytest.approx(560, rel=0.05) and ahead.n == 7
    assert {"phase probing", "phase collecting"} <= set(found) and "beginning" not in found


def test_probabilities_weigh(workspace: Workspace) -> None:
    told(workspace, [80] * 14)
    whole = subject(workspace, ["a"])
    place = whole.part.column_names.index("millionths")
    part = whole.part.set_column(place, "millionths", pa.array(np.full(len(whole.part), 250_000, np.int64)))
    quarter = Subject("c", workspace, part, whole.members, whole.around)
    values = [sum(row.value or 0.0 for row in lifecycle.facts(one) if row.fact == "phase") for one in (whole, quarter)]
    assert values[1] in (0.0, pytest.approx(values[0] / 4))
