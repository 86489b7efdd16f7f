"""Sizes are extrapolated by what was measured: twice the log is twice the hours where each stage grew with it."""

from __future__ import annotations

import pytest
from bench.sizing import Wanted, sized

PRICES = {"core_hour_usd": 0.05, "gigabyte_month_usd": 0.02}


def measured(**exponents: float) -> dict[str, object]:
    """Sizes of one and four million; each stage needs a second for the first, and grows by its exponent."""
    stages = ("collect", "fingerprint", "entities", "link and prove", "first detectable", "report")
    rows = [
        {
            "exchanges": n * 1_000_000,
            "stage_seconds": {stage: float(n) ** exponents.get(stage.split(" ")[0], 1.0) for stage in stages},
            "peak_rss_bytes": 1e9 * n**0.5,
            "traffic_bytes": n * 1e8,
            "state_bytes_per_exchange": 100.0,
        }
        for n in (1, 4)
    ]
    return {"rows": rows, "summary": {"threads": 2}}


def test_hours_follow_the_log_and_the_cores() -> None:
    one = sized(Wanted("", 8e6, 8e6, 2), measured(), 3.0, PRICES)
    assert one["hours"] == pytest.approx(6 * 8 / 3600)
    more = sized(Wanted("", 8e6, 8e6, 8), measured(), 3.0, PRICES)
    assert more["stage_hours"]["fingerprint"] == pytest.approx(one["stage_hours"]["fingerprint"] / 4)
    assert more["stage_hours"]["report"] == one["stage_hours"]["report"]
    assert one["memory_gigabytes"] == pytest.approx(8**0.5)
    assert one["disk_gigabytes"] == pytest.approx(0.8 + 2 * 0.8)


def test_a_day_on_top_reads_the_day_alone() -> None:
    whole, day = (sized(Wanted("", 8e6, new, 2), measured(), 3.0, PRICES)["stage_hours"] for new in (8e6, 1e6))
    assert day["collect"] == pytest.approx(whole["collect"] / 8)
    assert day["fingerprint"] == pytest.approx(whole["fingerprint"] / 8)
    assert day["entities"] == whole["entities"]


def test_spark_shares_out_the_pass_and_costs_its_ratio() -> None:
    here, there = (sized(Wanted("", 8e6, 8e6, 2, cores), measured(), 3.0, PRICES)["stage_hours"] for cores in (0, 12))
    assert there["fingerprint"] == pytest.approx(here["fingerprint"] * 3.0 * 2 / 12)
    assert there["link and prove"] == here["link and prove"]


def test_what_grew_faster_than_the_log_goes_on_to() -> None:
    steep = sized(Wanted("", 8e6, 8e6, 2), measured(link=1.5), 3.0, PRICES)
    assert steep["stage_hours"]["link and prove"] * 3600 == pytest.approx(8**1.5)
