"""Issuing a dossier: what it says and from which rows, what it refuses, what a correction says, the same bytes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.share.evidence_run import ACTORS_YAML, ANSWER_YAML, CAMPAIGN, evidence_run, seal_tables, tables
from tests.share.invented_run import HOSTILE, store
from tests.share.test_report_html import outline

from hydrometer.base.errors import BugError, RunError, UsageError
from hydrometer.base.safe_text import printable
from hydrometer.base.tables import FACT_SECTIONS, FACT_STATUSES
from hydrometer.base.whole_file import sha256_of
from hydrometer.share import dossier_actors, dossier_answer, dossier_given, dossier_print
from hydrometer.share.dossier import Options, issue
from hydrometer.share.dossier_document import INFERRED, OBSERVED, Section, Sentence, resolve
from hydrometer.share.dossier_redaction import Level

SECTIONS = [
    "summary", "method", "timeline", "evidence", "counter_evidence", "alternatives", "refutation",
    *(f"facts_{name}" for name in FACT_SECTIONS), "attribution", "members", "templates", "limits", "not_shown",
    "answer", "corrections", "provenance",
]  # fmt: skip
NUMBER = re.compile(r"(?<![A-Za-z0-9])\d")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return evidence_run(tmp_path_factory.mktemp("evidence") / "run")


def given(folder: Path, **more: Any) -> Options:
    """Options with both files of an analyst."""
    (folder / "actors.yaml").write_text(ACTORS_YAML)
    (folder / "answer.yaml").write_text(ANSWER_YAML)
    return Options(
        actors=dossier_given.read(folder / "actors.yaml", "--actors", dossier_actors.Actors),
        answer=dossier_given.read(folder / "answer.yaml", "--answer", dossier_answer.Answer),
        **more,
    )


@pytest.fixture(scope="module")
def folder(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("issued")
    return issue(run, CAMPAIGN, given(out, out=out / "dossier", issued_on=date(2026, 5, 3))).folder


@pytest.fixture(scope="module")
def content(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "dossier.json").read_bytes())
    return found


def sentences(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for section in content["sections"] for block in section["blocks"] for one in block.get("sentences", ())]


def texts(content: dict[str, Any], section: str) -> str:
    found = next(one for one in content["sections"] if one["id"] == section)
    return " ".join(one["text"] for block in found["blocks"] for one in block.get("sentences", ()))


def test_every_section_is_there_and_says_something(content: dict[str, Any]) -> None:
    assert [section["id"] for section in content["sections"]] == SECTIONS
    assert all(section["blocks"] for section in content["sections"])


def test_every_sentence_has_a_status_and_numbers_have_rows(content: dict[str, Any]) -> None:
    said = sentences(content)
    assert len(said) > 60
    assert {one["status"] for one in said} == set(FACT_STATUSES)
    for one in said:
        assert one["rows"] or not NUMBER.search(one["text"]), one
        for pointer in one["rows"]:
            assert resolve(content, pointer) is not None


def test_a_sentence_without_rows_or_status_is_a_bug() -> None:
    assert Sentence("H1 holds.", OBSERVED).to_json()["rows"] == []
    for broken in (Sentence("7 accounts.", INFERRED), Sentence("Some accounts.", "guessed")):
        with pytest.raises(BugError):
            broken.to_json()
    with pytest.raises(BugError):
        Section("empty", "Empty", ()).to_json()


def test_figures_are_those_of_the_tables(content: dict[str, Any]) -> None:
    row = tables()["campaigns"][0]
    assert content["tables"]["campaign"][0]["usd"] == pytest.approx(row["usd"], rel=1e-5)
    assert f"{row['operator_bits']:.1f} bits" in texts(content, "summary")
    assert len(content["tables"]["members"]) == 60
    assert all(one["agrees"] for one in content["tables"]["recount"])
    assert {one["what"] for one in content["tables"]["recount"]} >= {"exchanges", "usd", "first_seen", "posterior"}
    assert sum(one["accounts"] for one in content["tables"]["fact_counts"]) == 54
    assert "Against it speaks most" in texts(content, "summary")
    assert "Mail domains" in texts(content, "counter_evidence")


def test_sections_of_facts_come_from_the_rows_and_what_is_absent_is_said(
    content: dict[str, Any], tmp_path: Path
) -> None:
    assert "62 % of terms" in texts(content, "facts_terms")
    assert "Who held the chips" in texts(content, "not_shown")
    assert "Who held the chips" not in texts(content, "facts_impact")
    bare = tables() | {"facts": []}
    run = store(tmp_path / "bare", bare, {})
    made = issue(run, CAMPAIGN, Options(out=tmp_path / "dossier"))
    found = json.loads((made.folder / "dossier.json").read_bytes())
    for name in FACT_SECTIONS:
        assert "it was not looked at" in texts(found, f"facts_{name}")
    assert texts(found, "not_shown") and "not asked" in texts(found, "answer")
    assert "No fingerprints of exchanges are sealed" in texts(found, "provenance")


def test_the_party_and_the_analyst_are_quoted_with_their_status(content: dict[str, Any]) -> None:
    by_text = {one["text"]: one["status"] for one in sentences(content)}
    status = {word: next(status for text, status in by_text.items() if word in text) for word in (
        "Asked on 2026-04-02", "is a pilot of a customer", "No interim measure", "sees the same cards",
    )}  # fmt: skip
    assert list(status.values()) == ["observed", "alleged", "adjudicated", "alleged"]
    assert "hydrometer names nobody" in texts(content, "attribution")
    assert any(one["hypothesis"] == "unattributed" and one["prior"] >= 0.5 for one in content["tables"]["hypotheses"])


class Anchors(HTMLParser):
    """Ids and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [found["href"] or ""] if tag == "a" else []


def test_links_of_the_page_lead_to_rows_of_the_page(folder: Path, content: dict[str, Any]) -> None:
    parsed = Anchors()
    parsed.feed((folder / "dossier.html").read_text())
    assert len(set(parsed.ids)) == len(parsed.ids)
    assert all(one.startswith("#") and one[1:] in parsed.ids for one in parsed.links)
    assert "<span title=" not in (folder / "dossier.html").read_text(), "every pointer is a link"
    assert sum(one.startswith("#row-evidence-") for one in parsed.links) >= len(content["tables"]["evidence"]) - 1


def test_page_is_strict_and_hostile_strings_are_text(folder: Path) -> None:
    page = (folder / "dossier.html").read_text()
    seen = outline(page)
    allowed = set(
        "html head meta title style body header h1 code p ul li nav a main section h2 h3 figure svg line text path "
        "rect "
        "circle span div table thead tbody tr th td footer".split()
    )
    assert {tag for tag, _ in seen.tags} <= allowed
    for _, attributes in seen.tags:
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "src", "srcset"}]
        assert (attributes.get("href") or "#").startswith("#")
    policy = next(a["content"] for _, a in seen.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None and policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
    assert printable(HOSTILE) in seen.text and '#eval("1")' in seen.text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)


def test_print_shows_hostile_strings_as_they_are_said(folder: Path) -> None:
    from pypdf import PdfReader

    text = "\n".join(page.extract_text() for page in PdfReader(folder / "dossier.pdf").pages)
    flat = re.sub(r"\s+", "", text)
    assert "<script>alert(1)</script>" in flat
    assert '#eval("1")' in flat and "#setpage(width:1pt)" in flat and "⟨U+6F6E⟩" in flat
    assert "evil" in flat and not set(text) & set("\u202e\u2066")
    raw = (folder / "dossier.pdf").read_bytes()
    assert b"/JavaScript" not in raw and b"/URI" not in raw
    assert "Summary" in PdfReader(folder / "dossier.pdf").pages[0].extract_text()
    assert "Method" in PdfReader(folder / "dossier.pdf").pages[1].extract_text(), "the summary is one page"


@pytest.mark.parametrize(
    ("campaign", "found"),
    [("cmp-nowhere", "no campaign 'cmp-nowhere'"), ("cmp-c35a08", "level insufficient"),
     ("cmp-91e77d", "Declared reseller"),
     ("../../etc", "campaign id '../../etc'"), ("cmp-02b9f1<b>", "campaign id")],
)  # fmt: skip
def test_what_gets_no_dossier(run: Path, campaign: str, found: str) -> None:
    with pytest.raises(RunError) as problem:
        issue(run, campaign, Options())
    assert found in str(problem.value) and problem.value.exit_code == 2
    assert not (run / "dossiers").exists() and not list(run.glob("**/.*unfinished"))


def test_a_run_whose_table_was_edited_gets_none(tmp_path: Path) -> None:
    run = evidence_run(tmp_path / "run")
    edited = pq.read_table(run / "members.parquet").slice(1)
    pq.write_table(edited, run / "members.parquet")
    with pytest.raises(RunError, match=r"members\.parquet \(differs\)"):
        issue(run, CAMPAIGN, Options())
    (run / "links.parquet").unlink()
    with pytest.raises(RunError, match=r"links\.parquet \(missing\), members\.parquet \(differs\)"):
        issue(run, CAMPAIGN, Options())


def test_a_run_that_contradicts_its_fingerprints_gets_none(tmp_path: Path) -> None:
    run = evidence_run(tmp_path / "run")
    rows = pq.read_table(run / "campaigns.parquet").to_pylist()
    rows[0]["usd"] *= 10
    store(run, {"campaigns": rows}, json.loads((run / "manifest.json").read_text()))
    seal_tables(run)
    with pytest.raises(RunError, match="usd is"):
        issue(run, CAMPAIGN, Options())
    assert not (run / "dossiers" / CAMPAIGN).exists()


def test_an_earlier_dossier_is_in_the_way_without_force(run: Path, tmp_path: Path) -> None:
    target = tmp_path / "dossier"
    issue(run, CAMPAIGN, Options(out=target))
    with pytest.raises(RunError, match="--force"):
        issue(run, CAMPAIGN, Options(out=target))
    with pytest.raises(RunError, match="issued for internal"):
        issue(run, CAMPAIGN, Options(out=target, force=True, level=Level.PUBLIC))
    (target / "dossier.json").write_text("{}")
    with pytest.raises(RunError, match=r"damaged|not as it was issued"):
        issue(run, CAMPAIGN, Options(out=target, force=True))
    (tmp_path / "thing").mkdir()
    (tmp_path / "thing" / "note").write_text("mine")
    with pytest.raises(RunError, match="no dossier"):
        issue(run, CAMPAIGN, Options(out=tmp_path / "thing", force=True))
    assert (tmp_path / "thing" / "note").read_text() == "mine"


def test_a_correction_names_what_it_replaces_and_says_what_changed(tmp_path: Path) -> None:
    run, target = evidence_run(tmp_path / "run"), tmp_path / "dossier"
    first = issue(run, CAMPAIGN, Options(out=target))
    before = sha256_of(first.folder / "manifest.json")
    rows = tables()
    rows["evidence"][3]["statement"] = "Mail domains differ more than among unrelated accounts."
    rows["members"] = [one for one in rows["members"] if one["account_id"] != "acc_0059"]
    store(run, rows, json.loads((run / "manifest.json").read_text()))
    seal_tables(run)
    second = issue(run, CAMPAIGN, Options(out=target, force=True, reason="one account was cleared"))
    said = json.loads((second.folder / "dossier.json").read_bytes())
    assert (first.issue, second.issue) == (1, 2)
    assert said["supersedes"] == {"issue": 1, "manifest_sha256": before}
    changes = {(one["where"], one["what"]): (one["before"], one["after"]) for one in said["tables"]["changes"]}
    assert changes["members", "acc_0059: row"] == ("there", "–")
    assert any(where == "evidence" and what.endswith("statement") for where, what in changes)
    assert before in texts(said, "corrections") and "one account was cleared" in texts(said, "corrections")
    third = issue(run, CAMPAIGN, Options(out=target, force=True))
    said = json.loads((third.folder / "dossier.json").read_bytes())
    assert said["issue"] == 3 and "Nothing in its content differs" in texts(said, "corrections")


def test_without_typst_there_is_no_print(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    made = issue(run, CAMPAIGN, Options(out=tmp_path / "dossier"))
    assert dossier_print.version() is None and not made.pdf
    assert "dossier.pdf" not in made.files and {"dossier.html", "dossier.json", "manifest.json"} <= set(made.files)


SCRIPT = """
import sys
from pathlib import Path
from hydrometer.share.dossier import Options, issue
from hydrometer.share.dossier_sealed import Engine
issue(Path(sys.argv[1]), sys.argv[2], Options(out=Path(sys.argv[3]), engine=Engine(threads=int(sys.argv[4]))))
"""


def test_two_processes_give_the_same_bytes(run: Path, tmp_path: Path) -> None:
    settings = (
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LANG": "C", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "77", "TZ": "America/New_York", "LANG": "de_DE.UTF-8", "LC_ALL": "C.UTF-8"},
    )
    for number, environment in enumerate(settings):
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(run), CAMPAIGN, str(tmp_path / str(number)), str(number + 1)],
            env=os.environ | environment, check=True, cwd=tmp_path,
        )  # fmt: skip
    files = [
        {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}
        for folder in (tmp_path / "0", tmp_path / "1")
    ]
    assert files[0].keys() == files[1].keys() and {"dossier.pdf", "manifest.json"} <= files[0].keys()
    assert [name for name in files[0] if files[0][name] != files[1][name]] == []


def test_a_file_of_an_analyst_that_is_wrong_is_refused_with_every_problem(tmp_path: Path) -> None:
    path = tmp_path / "answer.yaml"
    path.write_text("party: x\nanswered: [{day: 2026-02-30, answer: a, source: s}]\nother: 1\n")
    with pytest.raises(UsageError) as problem:
        dossier_given.read(path, "--answer", dossier_answer.Answer)
    assert "answered.0.day" in problem.value.found and "other" in problem.value.found
    path.write_text("party: x\nanswered: [{day: 2026-02-03, answer: a, source: s}]\n")
    with pytest.raises(UsageError, match="before any question"):
        dossier_given.read(path, "--answer", dossier_answer.Answer)
    for text, found in (("[1]", "a list"), ("a: [", "not readable"), ("x" * 1_000_001, "1000001 bytes")):
        path.write_text(text)
        with pytest.raises(UsageError, match=found):
            dossier_given.read(path, "--answer", dossier_answer.Answer)
