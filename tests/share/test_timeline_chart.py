"""The timeline: hours without traffic are nought, long periods are drawn per day, labels do not run into each other."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from tests.share.invented_run import START

from hydrometer.share.run_tables import Case, campaigns, cases
from hydrometer.share.timeline_chart import LEFT, LETTER, RIGHT, WIDTH, caption, chart, leaked, spark


@pytest.fixture
def case(run: Path) -> Case:
    return cases(run, campaigns(run))[0]


def hours(case: Case, events: dict[int, str | None], exchanges: float = 1.0) -> Case:
    """The case with one row for each of these hours."""
    nothing = {"exchanges": exchanges, "new_accounts": 0, "event": None}
    rows = [nothing | {"hour": START + timedelta(hours=n), "event": event} for n, event in events.items()]
    return Case(case.campaign | {"detectable_at": None, "pivot_at": None}, [], [], [], rows, [], [])


def test_hours_without_a_row_are_drawn_as_nought(case: Case) -> None:
    drawn = chart(hours(case, {0: None, 3: None}))
    assert drawn is not None
    assert re.findall(r"V([\d.]+)", drawn.line)[1] == str(drawn.baseline)


def test_exchanges_before_detection_are_counted_from_whole_hours(case: Case) -> None:
    few = hours(case, {0: None, 1: None, 2: None}, exchanges=10.0)
    assert leaked(few) is None
    few.campaign["detectable_at"] = START + timedelta(hours=2)
    assert leaked(few) == 20.0


def test_events_have_shapes_and_words(case: Case) -> None:
    drawn = chart(case)
    assert drawn is not None
    assert [mark.glyph for mark in drawn.marks] == ["●", "■", "◇", "◇", "▲", "■"]
    assert "6 events marked above" in caption(drawn)


def test_labels_do_not_touch_and_none_runs_over(case: Case) -> None:
    drawn = chart(hours(case, {n: f"{n} accounts banned by hand" for n in range(60)}))
    assert drawn is not None and len(drawn.marks) == 60
    spans = sorted(
        (mark.x, mark.x + len(mark.label) * LETTER)
        if mark.anchor == "start"
        else (mark.x - len(mark.label) * LETTER, mark.x)
        for mark in drawn.marks
        if mark.label
    )
    assert len(spans) > 2 and spans[0][0] >= LEFT and spans[-1][1] <= WIDTH - RIGHT
    assert all(one[1] < other[0] for one, other in pairwise(spans))


def test_a_long_period_is_drawn_per_day_and_says_so(case: Case) -> None:
    drawn = chart(hours(case, {0: None, 24 * 100: None}, exchanges=5.0))
    assert drawn is not None and drawn.unit == "day" and "per day" in caption(drawn)


def test_one_hour_and_no_hour(case: Case) -> None:
    assert chart(hours(case, {0: None})) is not None and spark(hours(case, {0: None})).startswith("M")
    assert chart(hours(case, {})) is None and spark(hours(case, {})) == ""


def test_the_area_ends_where_the_axis_ends(case: Case) -> None:
    drawn = chart(case)
    assert drawn is not None and drawn.area.endswith(f"H{WIDTH - RIGHT}V{drawn.baseline}Z")
