"""The compiled hash is the standard library's, for every length, key and kind of array."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.base.pseudonyms import pseudonym
from hydrometer.fingerprint.keyed import BLOCK, pseudonyms

KEYS = [b"k", b"x" * 32, b"q" * 64, b"long" * 40]


@pytest.mark.parametrize("key", KEYS)
def test_every_length_around_a_block(key: bytes) -> None:
    texts = ["x" * size for size in (0, 1, 7, 8, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1, 10_000)]
    assert pseudonyms(pa.array(texts), key, "layer").to_pylist() == [pseudonym(key, "layer", text) for text in texts]


@given(st.lists(st.one_of(st.none(), st.text(max_size=300)), max_size=20), st.binary(min_size=1, max_size=80))
def test_any_texts_under_any_key(texts: list[str | None], key: bytes) -> None:
    expected = [None if text is None else pseudonym(key, "client_ip", text) for text in texts]
    assert pseudonyms(pa.array(texts, pa.string()), key, "client_ip").to_pylist() == expected


def test_a_part_of_an_array_and_large_strings() -> None:
    whole = pa.array(["a", "b", None, "d"])
    expected = [pseudonym(b"k", "l", "b"), None]
    assert pseudonyms(whole.slice(1, 2), b"k", "l").to_pylist() == expected
    assert pseudonyms(whole.cast(pa.large_string()).slice(1, 2), b"k", "l").to_pylist() == expected
    assert pseudonyms(whole.slice(0, 0), b"k", "l").to_pylist() == []
