"""The compiled pass gives what its plain twin gives, and what it reads of a long document is bounded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.fingerprint import brute_force

from hydrometer.base.laws_fingerprint import fast_equals_slow
from hydrometer.base.signals import READING
from hydrometer.fingerprint.kernel import HEAD_BYTES, TAIL_BYTES
from hydrometer.fingerprint.lexicon import lexicon
from hydrometer.fingerprint.text import LAST_CASED, lower_cases, read, read_repeated

ODD = (
    "",
    " ",
    "\0",
    "a\0b",
    "ẞ İ ß ﬁ",
    "é" * 40,
    "日本語のテキスト、句読点。",
    "推理过程 step by step 写出",
    "كتابة النص من اليمين",
    "שלום עולם",
    "👩‍👩‍👧‍👦 family 🧪🧪🧪🧪🧪🧪",
    "'",
    '"',
    "‘",
    "“ ”",
    "<think> a </think>",
    "<<<>>>",
    "1 2 3 four 5five",
    "Шаг за шагом, ещё раз!",
    "한국어 문장 하나 둘 셋",
    "ａｂｃ１２３",
    "\ufeffbom",
    "\u202eevil\u202c",
    "a" * 5000,
    "word " * 3000,
    "界" * 3000,
    "\t\n\r\x0b",
    "x-y_z c++",
    "\U0010ffff",
    "\ud7ff\ue000",
    "é",
    "í" * 2000 + "the end of it all is here now",
)
ALPHABETS = st.one_of(
    st.characters(exclude_categories=["Cs"]),
    st.sampled_from("abc  XYZ.,;019<>'\"\0"),
    st.sampled_from("推理步骤写出日本のカ。、！"),
    st.sampled_from("шагом ясно ЁЖ"),
    st.sampled_from("אבגד اللغة"),
    st.sampled_from("🧪👩👧é́ß"),
)
TEXTS = st.lists(
    st.one_of(st.text(ALPHABETS, max_size=60), st.sampled_from([phrase.strip("*") for phrase, _ in lexicon().phrases])),
    max_size=12,
).map(" ".join)
LONG = st.builds(
    lambda text, times, tail: text * times + tail,
    st.text(ALPHABETS, min_size=1, max_size=30),
    st.integers(50, 400),
    TEXTS,
)


def fast(texts: Sequence[str]) -> NDArray[np.int64]:
    return read(pa.array(texts, pa.string()))


def test_odd_texts_equal_brute_force() -> None:
    assert fast_equals_slow(fast, brute_force.read, ODD) == []


@settings(max_examples=120, deadline=None)
@given(st.lists(TEXTS, max_size=5))
def test_any_texts_equal_brute_force(texts: list[str]) -> None:
    assert fast_equals_slow(fast, brute_force.read, texts) == []


@settings(max_examples=25, deadline=None)
@given(LONG)
def test_long_texts_equal_brute_force(text: str) -> None:
    assert fast_equals_slow(fast, brute_force.read, [text]) == []


def test_a_twin_that_errs_is_caught() -> None:
    told = fast_equals_slow(
        fast, lambda text: [value + (text == "b c") for value in brute_force.read(text)], ["a", "b c"]
    )
    assert len(told) == len(READING)
    assert told[0].startswith("concepts of 'b c' is 0, the plain twin says 1")


def test_a_text_reads_the_same_among_others_and_in_a_slice() -> None:
    whole = fast(ODD)
    assert np.array_equal(np.concatenate([fast([text]) for text in ODD]), whole)
    assert np.array_equal(read(pa.array(["before", *ODD, "after"]).slice(1, len(ODD))), whole)
    assert np.array_equal(read(pa.chunked_array([list(ODD[:5]), list(ODD[5:])])), whole)
    assert np.array_equal(read(pa.array(ODD, pa.large_string())), whole)


def test_repeated_texts_and_nulls() -> None:
    column = pa.array(["be brief", None, "be brief", "", "be kind"])
    assert np.array_equal(read_repeated(column), read(column))
    assert not read(column)[[1, 3]].any()
    assert read_repeated(column.slice(0, 0)).shape == read(column.slice(0, 0)).shape == (0, len(READING))


MIDDLE = "the middle of it "


@pytest.mark.parametrize("size", [4_000, 100_000])
def test_only_head_tail_and_item_hash_depend_on_a_long_document(size: int) -> None:
    head, tail = "An opening line. " * 130, " A closing line of words." * 50
    assert len(head) > HEAD_BYTES
    assert len(tail) > TAIL_BYTES
    filler = MIDDLE * (size // len(MIDDLE))
    one, other, short = fast(
        [head + filler + tail, head + filler.replace("middle", "muddle") + tail, head + "y" + tail]
    )
    item = READING.index("item")
    assert one[item] != other[item] != short[item]
    assert np.array_equal(np.delete(one, item), np.delete(other, item))
    assert np.array_equal(np.delete(one, item), np.delete(short, item))
    assert one[READING.index("words")] <= (HEAD_BYTES + TAIL_BYTES) / 2


def test_what_stands_in_head_or_tail_is_found_and_what_stands_between_is_not() -> None:
    bit = lexicon().concepts.index("rubric")
    filler = MIDDLE * 6_000
    found = fast([f"use the rubric {filler}", f"{filler} use the rubric", f"{filler} use the rubric {filler}"])[:, 0]
    assert [int(mask) >> bit & 1 for mask in found] == [1, 1, 0]


def test_every_letter_is_put_into_lower_case_as_arrow_does() -> None:
    codes = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    letters = [f"{chr(code)} a" for code in codes]
    item = READING.index("item")
    assert np.array_equal(fast(letters)[:, item], fast(pc.utf8_lower(pa.array(letters)).to_pylist())[:, item])
    assert (lower_cases() == -1).sum() > 10
    beyond = pa.array([chr(code) for code in codes if code >= LAST_CASED])
    assert pc.utf8_lower(beyond).equals(beyond)


def test_numbers_are_masked_and_case_and_punctuation_do_not_count() -> None:
    one, other = fast(["Solve exercise 12 of chapter 3, please: now!", "solve EXERCISE 7b of chapter 144 please now"])
    assert one[1:6].tolist() == other[1:6].tolist()
    assert one[READING.index("item")] != other[READING.index("item")]


def test_a_sketch_is_shared_with_about_the_similarity_of_two_texts() -> None:
    draw = np.random.Generator(np.random.Philox(key=3))
    vocabulary = [f"{one}{two}" for one in "bcdfghklmn" for two in ("ab", "ec", "id", "of", "ug", "ax", "ez", "ip")]
    both = agree = union = 0.0
    for _ in range(150):
        base = list(draw.choice(vocabulary, 40))
        moved = [*draw.choice(vocabulary, 10), *base[5:]]
        left, right = ({tuple(text[i : i + 4]) for i in range(len(text) - 3)} for text in (base, moved))
        both, union = both + len(left & right), union + len(left | right)
        first, second = fast([" ".join(base), " ".join(moved)])
        agree += (
            sum(int(first[READING.index(name)] == second[READING.index(name)]) for name in ("sketch_a", "sketch_b")) / 2
        )
    assert agree / 150 == pytest.approx(both / union, abs=0.08)


def test_every_phrase_of_the_lexicon_is_found_in_a_sentence() -> None:
    """A phrase with a sign that the pass takes for a space, or with a `*` in its midst, would never be found."""
    phrases = lexicon().phrases
    texts = [f"well, {phrase.replace('*', '')}, thanks" for phrase, _ in phrases]
    found = fast(texts)[:, 0]
    dead = [phrase for (phrase, bit), mask in zip(phrases, found.tolist(), strict=True) if not mask >> bit & 1]
    assert dead == []
