"""Prompts are functions of their codes, complete in every language, and varied."""

from __future__ import annotations

import re

import numpy as np
import pytest

from hydrometer.simulate import grammar, networks, speech
from hydrometer.simulate.world import Columns

OPEN_SLOT = re.compile(r"\{[~#]?[a-z]*\d*\}")
"""A slot that nothing filled; braces of JSON and code are not one."""


def rows(size: int, kind: int, language: int, extra: int = 0) -> Columns:
    draw = np.random.Generator(np.random.Philox(key=kind + 1))
    return {
        "kind": np.full(size, kind),
        "language": np.full(size, language),
        "style": draw.integers(0, 2**62, size),
        "item": draw.integers(0, 2**62, size),
        "wording": draw.integers(0, 2**62, size),
        "extra": np.full(size, extra),
    }


@pytest.mark.parametrize("language", range(len(networks.LANGUAGES)), ids=networks.LANGUAGES)
@pytest.mark.parametrize("kind", range(len(speech.KINDS)), ids=speech.KINDS)
def test_every_kind_fills_every_slot(kind: int, language: int) -> None:
    texts = grammar.render(speech.KINDS, rows(40, kind, language)).to_pylist()
    assert all(text and not OPEN_SLOT.search(text) for text in texts)


@pytest.mark.parametrize("names", [speech.SYSTEMS, speech.INJECTIONS], ids=["systems", "injections"])
def test_system_prompts_and_injections_fill_every_slot(names: tuple[str, ...]) -> None:
    for kind in range(len(names)):
        texts = grammar.render(names, rows(40, kind, 0)).to_pylist()
        assert all(text and not OPEN_SLOT.search(text) for text in texts)


def test_same_codes_same_prompt_whatever_the_batch() -> None:
    codes = rows(200, speech.CODE["ask"], 0, extra=2)
    whole = grammar.render(speech.KINDS, codes).to_pylist()
    parts = [
        grammar.render(speech.KINDS, {name: values[i : i + 1] for name, values in codes.items()})[0].as_py()
        for i in range(200)
    ]
    assert whole == parts


def test_wording_paraphrases_and_the_item_stays() -> None:
    codes = rows(300, speech.CODE["harvest"], 0)
    codes["item"] = codes["style"] = np.full(300, 12345)
    texts = set(grammar.render(speech.KINDS, codes).to_pylist())
    assert len(texts) > 10
    topics = [topic for topic in grammar.grammar("en").topics if all(topic in text for text in texts)]
    assert topics, "paraphrases of one item do not share its topic"


def test_people_rarely_write_the_same() -> None:
    texts = grammar.render(speech.KINDS, rows(4000, speech.CODE["explain"], 0)).to_pylist()
    assert len(set(texts)) > 0.98 * len(texts)


def test_extra_sentences_make_prompts_longer() -> None:
    code = speech.CODE["support"]
    short, long = (grammar.render(speech.KINDS, rows(50, code, 0, extra)).to_pylist() for extra in (0, 5))
    assert all(len(after) > len(before) + 100 for before, after in zip(short, long, strict=True))


def test_nothing_gives_nothing() -> None:
    assert grammar.render(speech.KINDS, rows(0, 0, 0)).to_pylist() == []
