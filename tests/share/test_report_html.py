"""The page: one file, offline, nothing from a log becomes markup, and its figures are those of the tables."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.share.invented_run import HOSTILE, campaigns, everything, store

from hydrometer.base.errors import BugError
from hydrometer.base.safe_text import printable
from hydrometer.share import report_html, wording

VOID = {"meta", "br"}


class Outline(HTMLParser):
    """Tags, their attributes and the text outside of style; fails on a tag that is not closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def outline(page: str) -> Outline:
    parsed = Outline()
    parsed.feed(page)
    assert parsed.open == []
    return parsed


@pytest.fixture
def page(run: Path, manifest: dict[str, Any]) -> str:
    report_html.write(run, manifest)
    return (run / "report.html").read_text()


def test_every_tag_is_one_of_ours_and_closed(page: str) -> None:
    found = {tag for tag, _ in outline(page).tags}
    assert found <= set(
        "html head meta title style body svg defs pattern path rect line circle text g header span main div h1 h2 h3 p "
        "section table thead tbody tr th td a code br dl dt dd ul li details summary b footer".split()
    ) and not found & {"script", "img", "link", "iframe", "form", "i"}


def test_no_handler_no_inline_style_no_address(page: str) -> None:
    for _, attributes in outline(page).tags:
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "src", "srcset"}]
        assert (attributes.get("href") or "#").startswith("#")


def test_policy_allows_the_one_style_sheet_by_its_hash(page: str) -> None:
    style = re.search("<style>(.*)</style>", page, re.DOTALL)
    assert style is not None and "@import" not in style[1] and "url(" not in style[1]
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = next(a["content"] for _, a in outline(page).tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None and policy.startswith("default-src 'none'") and f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_hostile_strings_are_shown_as_text(page: str) -> None:
    assert printable(HOSTILE) in outline(page).text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)


def test_figures_are_those_of_the_tables(page: str) -> None:
    text = outline(page).text
    for group in campaigns()[:2]:
        for figure in (
            group["campaign_id"],
            wording.one_in(group["q_value"]),
            f"{wording.bits(group['operator_bits'], signed=False)} bits",
            f"{wording.bits(group['extraction_bits'], signed=False)} bits",
            wording.count(group["exchanges"]),
            wording.usd(group["usd"]),
            group["innocent_explanation"],
        ):
            assert figure in text
    assert "and 10 more in members.parquet" in text and "and 46 more in links.parquet" in text


def test_bits_of_two_hypotheses_are_nowhere_added(page: str) -> None:
    first = campaigns()[0]
    assert wording.bits(first["operator_bits"] + first["extraction_bits"], signed=False) not in outline(page).text


def test_each_case_says_what_would_refute_it_and_its_limits(page: str) -> None:
    cases = page.split('<section class="case"')[1:]
    assert len(cases) == 2
    for case in cases:
        assert (
            "What would refute this" in case
            and case.count("Ask: ") >= 4
            and "no benign library of your own yet" in case
        )
    assert "1\u202f×" not in page and "urn_tools" in page and "abstains: the column tools is absent" in page


def test_unlisted_groups_are_counted_and_short(page: str) -> None:
    text = outline(page).text
    assert "◌ 2 insufficient" in text and "– 1 benign" in text and "✓ 1 authorised" in text
    assert "Declared reseller" in text


def test_a_very_long_list_is_cut_and_says_so(tmp_path: Path, manifest: dict[str, Any]) -> None:
    tables = everything()
    first = tables["campaigns"][0]
    tables["campaigns"] = [first | {"campaign_id": f"cmp-{n:03d}", "rank": n + 1} for n in range(103)]
    page = report_html.page(store(tmp_path / "long", tables, manifest), manifest)
    assert page.count('<section class="case"') == 100 and "and 3 more in report.json" in page
    assert "103 groups need a person" in page


def test_same_tables_same_page(run: Path, manifest: dict[str, Any], page: str) -> None:
    assert report_html.page(run, manifest) == page


def test_an_empty_run_says_what_could_be_invisible(tmp_path: Path) -> None:
    run = store(tmp_path / "empty", {name: [] for name in everything()}, {})
    text = outline(report_html.page(run, {})).text
    assert "No group needs a person" in text and "could still be invisible" in text


def test_path_data_takes_no_markup() -> None:
    with pytest.raises(BugError):
        report_html.path_data('M0 0"/><script>')
