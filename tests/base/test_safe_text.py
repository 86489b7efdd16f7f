"""What a hostile string may still hold after `printable`: nothing that moves a cursor, reverses text or hides."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.base.safe_text import LONGEST_SHOWN, printable

HOSTILE = st.text(
    st.sampled_from(
        "\x1b[]PX^_\x07\\\x9b\x9d\x9c0;31mhA \x00\x7f\x85\u202e\u2066\u200f\ufeff\u2028\n\t\r\ud800é漢\U000e0041"
    )
)


@given(st.one_of(HOSTILE, st.text(st.characters(codec=None), max_size=600)))
def test_no_control_no_override_no_surrogate_and_within_the_limit(text: str) -> None:
    shown = printable(text)
    assert len(shown) <= LONGEST_SHOWN
    assert all(unicodedata.category(c) not in {"Cc", "Cs", "Zl", "Zp"} for c in shown)
    assert all(
        unicodedata.bidirectional(c) not in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
        for c in shown
    )
    shown.encode("utf-8")


@given(HOSTILE)
def test_a_second_pass_changes_nothing(text: str) -> None:
    assert printable(printable(text)) == printable(text)


@given(
    st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="\u3164\uffa0\u115f\u1160"), max_size=300)
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("\x1b]0;title\x07name", "name"),
        ("\x1b]8;;http://a.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("\x1bP1$r\x1b\\x", "x"),
        ("\x1b\x1b[31m[31mx", "[31mx"),
        ("one\r\ntwo\u2028three", "one two three"),
        ("acc\u202etxt.exe", "acctxt.exe"),
        ("\ud83d lone", "\ufffd lone"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_named_attacks(hostile: str, shown: str) -> None:
    assert printable(hostile) == shown


def test_a_huge_string_is_cut_and_says_its_length() -> None:
    shown = printable("x" * 50_000_000)
    assert len(shown) == LONGEST_SHOWN
    assert shown.endswith("… (50000000 characters)")


def test_escapes_beyond_what_is_looked_at_do_not_count_as_whole() -> None:
    shown = printable("\x1b[0m" * 10_000 + "tail", limit=40)
    assert "characters" in shown and "\x1b" not in shown
