"""What a level leaves out is in none of a dossier's files, and the table of levels is the one in the documentation."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.share.dossier_texts import leaks
from tests.share.evidence_run import (
    ADDRESS,
    CAMPAIGN,
    HASH,
    LOG_NAME,
    MAIL,
    ORGANISATION,
    OWNER,
    evidence_run,
    fingerprints,
    tables,
)
from tests.share.invented_run import HOSTILE
from tests.share.test_dossier import given

from hydrometer.base.safe_text import printable
from hydrometer.share.dossier import folder_of, issue
from hydrometer.share.dossier_redaction import PUBLIC_FACTS, RULES, Level, left_out, scrubber
from hydrometer.share.dossier_verify import VERIFIED, Trusted, verify

DOCUMENT = Path(__file__).parents[2] / "docs" / "dossier.md"
ROWS = fingerprints()
ALWAYS = {
    HOSTILE, printable(HOSTILE), ADDRESS, MAIL, ORGANISATION, LOG_NAME, "Quillon Holdings", "counsel M.",
    "op-cmp-7d20e4",
    *(one["account_id"] for one in ROWS), *(one["exchange_id"] for one in ROWS[::7]),
    *(str(one[column]) for one in ROWS[::5] for column in ("client_stack", "prefix", "opening", "item")), f"{HASH:x}",
}  # fmt: skip
"""What no level but `internal` may show."""
PUBLIC = {
    CAMPAIGN, OWNER, "Quillon", "Brandt", "Partner Nine", "analyst K.", "a public report", "Invoices name", "pilot of",
    "Regional court", "tf_19c", "You maintain", "Before the repair", "for the record", "cleared by review",
    *(one["masked"][:60] for one in tables()["templates"] if one["masked"]),
}  # fmt: skip
"""What `public` may not show beside that."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return evidence_run(tmp_path_factory.mktemp("redaction") / "run")


@pytest.fixture(scope="module")
def dossiers(run: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Level, Path]:
    """A dossier of each level, each a correction of an earlier one, with all that an analyst can give."""
    made = {}
    for level in Level:
        out = tmp_path_factory.mktemp(str(level))
        issue(run, CAMPAIGN, given(out, out=out / "dossier", level=level, reason="for the record"))
        options = given(out, out=out / "dossier", level=level, force=True, reason="cleared by review of acc_0009")
        made[level] = issue(run, CAMPAIGN, options).folder
    return made


def test_the_search_finds_what_is_there(dossiers: dict[Level, Path]) -> None:
    found = {secret for _, secret in leaks(dossiers[Level.INTERNAL], ALWAYS | PUBLIC)}
    assert {"acc_0005", "ex_00007", LOG_NAME, "QuillonHoldings", CAMPAIGN, str(HASH + 5)} <= found
    named = {name for name, _ in leaks(dossiers[Level.INTERNAL], {"acc_0005"})}
    assert {
        "dossier.json",
        "dossier.html",
        "dossier.pdf",
        "sealed/members.parquet",
        "sealed/exchanges.parquet",
    } <= named


def test_partner_shows_no_identifier_in_any_file(dossiers: dict[Level, Path]) -> None:
    assert leaks(dossiers[Level.PARTNER], ALWAYS) == []
    found = {
        secret for _, secret in leaks(dossiers[Level.PARTNER], {"M0007", "Youmaintain", "Brandt", "Regionalcourt"})
    }
    assert found == {"M0007", "Youmaintain", "Brandt", "Regionalcourt"}


def test_public_shows_no_name_no_template_no_member(dossiers: dict[Level, Path]) -> None:
    folder = dossiers[Level.PUBLIC]
    assert leaks(folder, ALWAYS | PUBLIC) == []
    assert not (folder / "sealed" / "exchanges.parquet").exists()
    for name in ("members", "links", "operators"):
        assert pq.read_table(folder / "sealed" / f"{name}.parquet").num_rows == 0
    assert set(pq.read_table(folder / "sealed" / "facts.parquet")["section"].to_pylist()) <= set(PUBLIC_FACTS)


def test_what_is_left_can_be_worked_out_again(dossiers: dict[Level, Path]) -> None:
    for folder in dossiers.values():
        assert verify(folder, Trusted()).result == VERIFIED


def test_the_table_of_levels_is_the_documented_one() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for rule in RULES:
        assert f"| {rule.what} | {rule.partner} | {rule.public} |" in text
    assert left_out(Level.INTERNAL) == [] and len(left_out(Level.PUBLIC)) == len(RULES)


def test_levels_lie_apart(run: Path) -> None:
    assert len({folder_of(run, CAMPAIGN, level) for level in Level}) == len(Level)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("acc_1, acc_12 and (acc_1).", "M0001, acc_12 and (M0001)."),
        ("odd id <x> y", "odd M0002 y"),
        ("from 2001:db8::7, ::1 and 10.0.0.1/8", "from [address], ::1 and [address]"),
        ("at 12:30 of 1.5.2 in 79 of 81", "at 12:30 of 1.5.2 in 79 of 81"),
        ("mail a.b+c@sub.example.org now", "mail [mail address] now"),
    ],
)
def test_identifiers_in_sentences_are_replaced(text: str, clean: str) -> None:
    assert scrubber({"acc_1": "M0001", "id <x>": "M0002"})(text) == clean
