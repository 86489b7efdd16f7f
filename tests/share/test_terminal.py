"""The table on the terminal: fits 100 columns, takes nothing from a log as markup, says where to look."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tests.share.invented_run import everything, store

from hydrometer.share import report_html, report_json, terminal


def drawn(run: Path, manifest: dict[str, Any], width: int = 100) -> str:
    """What is printed of a run, seen from the folder beside it: long paths of a test's own folder would be broken."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with contextlib.chdir(run.parent):
        console.print(terminal.render(Path(run.name), manifest))
    written = console.file
    assert isinstance(written, io.StringIO)
    return "\n".join(line.rstrip() for line in written.getvalue().replace(run.name, "RUN").splitlines()) + "\n"


def test_golden(run: Path, manifest: dict[str, Any], golden: Callable[[str, str], None]) -> None:
    golden("terminal.txt", drawn(run, manifest, 100))


@pytest.mark.parametrize("width", [80, 100, 160])
def test_nothing_is_cut_off_and_nothing_runs_over(run: Path, manifest: dict[str, Any], width: int) -> None:
    text = drawn(run, manifest, width)
    assert max(map(len, text.splitlines())) <= width and "…" not in text
    for figure in ("cmp-7d20e4", "1 in 2\u202f500", "61.3", "22.4", "30 h", "$82", "RUN/report.html"):
        assert figure in text


def test_markup_of_a_log_is_shown_and_not_obeyed(run: Path, manifest: dict[str, Any]) -> None:
    assert "[red]x[/red]" in drawn(run, manifest)


def test_controls_in_an_id_are_stripped(tmp_path: Path, manifest: dict[str, Any]) -> None:
    tables = everything()
    tables["campaigns"][0]["campaign_id"] = "\x1b[2Jcmp\u202e\x07"
    text = drawn(store(tmp_path / "hostile", tables, manifest), manifest)
    assert "cmp" in text and not {"\x1b", "\u202e", "\x07"} & set(text)


def test_counts_the_rest_and_names_what_abstained(run: Path, manifest: dict[str, Any]) -> None:
    text = drawn(run, manifest)
    assert "2 insufficient, 1 benign, 1 authorised" in text and "1 detector: urn_tools" in text
    assert "2 rejected" in text and "benign library is simulated" in text


def test_an_empty_run(tmp_path: Path) -> None:
    text = drawn(store(tmp_path / "empty", {name: [] for name in everything()}, {}), {})
    assert text.startswith("0 groups listed of 0 judged")


BEYOND = {
    "organization_id": "org-<b>7</b>\x1b[2J", "purposes": ["distillation"], "ended": "2026-01-10", "exchanges": 90,
    "after_end": 40, "outside_scope": 0,
}  # fmt: skip


def test_use_beyond_the_register_is_said_in_every_report(run: Path, manifest: dict[str, Any]) -> None:
    manifest["register"] = {"entries": 2, "beyond": [BEYOND, BEYOND | {"organization_id": "org-8"}]}
    text = " ".join(drawn(run, manifest, 160).split())
    assert "org-<b>7</b> (distillation): 40 of 90 exchanges after the end of its entry on 2026-01-10" in text
    assert "and 1 more" in text and "\x1b" not in text
    page = report_html.page(run, manifest)
    assert "org-&lt;b&gt;7&lt;/b&gt; (distillation): 40 of 90" in page and "org-8" in page and "\x1b" not in page
    assert len(report_json.report(run, manifest)["register_used_beyond"]) == 2


def test_a_register_that_is_kept_to_is_not_mentioned(run: Path, manifest: dict[str, Any]) -> None:
    manifest["register"] = {"entries": 2, "beyond": []}
    assert "register" not in drawn(run, manifest) and "Register entries" not in report_html.page(run, manifest)
