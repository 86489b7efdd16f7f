"""The list for programs: the same bytes whatever the machine, six digits, nothing of the machine in it."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.share.invented_run import everything, store

from hydrometer.base.errors import RunError
from hydrometer.base.tables import LISTED_LEVELS
from hydrometer.share import report_json


def text_of(run: Path, manifest: dict[str, Any]) -> str:
    report_json.write(run, manifest)
    return (run / "report.json").read_text()


def numbers(value: object) -> Iterator[float]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from numbers(inner)
    elif isinstance(value, float):
        yield value


def test_golden(run: Path, manifest: dict[str, Any], golden: Callable[[str, str], None]) -> None:
    golden("report.json", text_of(run, manifest))


def test_order_of_rows_engine_paths_and_times_do_not_change_a_byte(
    run: Path, manifest: dict[str, Any], tmp_path: Path
) -> None:
    shuffled = everything()
    for rows in shuffled.values():
        random.Random(1).shuffle(rows)
    elsewhere: dict[str, Any] = manifest | {
        "engine": "spark",
        "command": ["scan", "/elsewhere"],
        "stage_seconds": {"collect": 99.0},
        "peak_rss_bytes": 1,
        "threads": 64,
        "started_at": "2031-01-01",
        "inputs": [one | {"name": "C:\\logs\\" + one["name"].split("/")[-1]} for one in reversed(manifest["inputs"])],
    }
    other = store(tmp_path / "other", shuffled, elsewhere)
    assert text_of(run, manifest) == text_of(other, elsewhere)


def test_nothing_of_the_machine_is_in_it(run: Path, manifest: dict[str, Any]) -> None:
    text = text_of(run, manifest)
    for strange in ("/home", "duckdb", str(run), "stage_seconds", "peak_rss", "someone"):
        assert strange not in text


def test_floats_have_six_significant_digits_and_text_is_ascii(run: Path, manifest: dict[str, Any]) -> None:
    text = text_of(run, manifest)
    assert text.isascii() and "\x1b" not in text
    for number in numbers(json.loads(text)):
        assert number == float(f"{number:.6g}") and not (number == 0 and math.copysign(1, number) < 0)


def test_listed_groups_are_whole_and_the_others_short(run: Path, manifest: dict[str, Any]) -> None:
    report = report_json.report(run, manifest)
    assert [group["rank"] for group in report["campaigns"]] == [1, 2]
    assert {group["level"] for group in report["campaigns"]} <= set(LISTED_LEVELS)
    first = report["campaigns"][0]
    assert len(first["members"]) == 60 and first["members_by_role"] == {"customer": 2, "operator": 57, "victim": 1}
    assert first["members"][0]["because"] and first["links_total"] == 58 and len(first["links"]) == 50
    assert all(group["what_would_refute_it"] and group["refutation_questions"] for group in report["campaigns"])
    assert len(report["not_listed"]) == 4 and "evidence" not in report["not_listed"][0]
    assert report["totals"]["groups_by_level"]["insufficient"] == 2 and report["totals"]["groups"] == 6


def test_with_a_simulated_library_it_says_so_and_with_one_of_its_own_it_does_not(
    run: Path, manifest: dict[str, Any]
) -> None:
    said = "simulated (own 0, simulated 9000)"
    assert any(said in one for one in report_json.report(run, manifest)["caveats"])
    assert not any(said in one for one in report_json.report(run, manifest | {"benign_library": 5000})["caveats"])


def test_an_empty_run_has_an_empty_list(tmp_path: Path, manifest: dict[str, Any]) -> None:
    run = store(tmp_path / "empty", {name: [] for name in everything()}, manifest)
    report = report_json.report(run, manifest)
    assert report["campaigns"] == report["not_listed"] == [] and report["totals"]["groups"] == 0


@pytest.mark.parametrize("damage", ["remove", "break"])
def test_a_damaged_run_is_one_clear_error(run: Path, manifest: dict[str, Any], damage: str) -> None:
    table = run / "members.parquet"
    table.unlink() if damage == "remove" else table.write_bytes(b"PAR1 nothing")
    with pytest.raises(RunError, match=r"members\.parquet"):
        report_json.report(run, manifest)
