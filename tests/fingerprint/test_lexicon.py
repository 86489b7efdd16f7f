"""The lexicon: what it refuses, what a phrase matches, and that the automaton finds what naive search finds."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fingerprint import brute_force

from hydrometer.fingerprint.lexicon import CONCEPTS_MAX, compile_automaton, lexicon, parse, pattern, satisfied
from hydrometer.fingerprint.text import read

SMALL: dict[str, dict[str, object]] = {
    "concepts": {"fruit": {"en": ["apple", "pear*"]}, "colour": {"en": ["red"], "zh": ["红色"]}},
    "techniques": {"still_life": ["fruit colour"]},
    "capabilities": {"painting": ["fruit", "colour"]},
    "languages": {"en": ["fruit"]},
    "targets": {"cooking": ["fruit"]},
}


def small(**changes: object) -> str:
    return yaml.safe_dump({**SMALL, **changes}, allow_unicode=True, sort_keys=False)


def test_concepts_are_bits_and_rules_are_masks() -> None:
    found = parse(small())
    assert found.concepts == ("fruit", "colour")
    assert found.phrases == (("apple", 0), ("pear*", 0), ("red", 1), ("红色", 1))
    assert found.techniques == {"still_life": (0b11,)}
    assert found.capabilities == {"painting": (0b01, 0b10)}


def test_too_many_concepts_are_refused() -> None:
    many = {f"c{number}": {"en": [f"word{number}"]} for number in range(CONCEPTS_MAX + 1)}
    with pytest.raises(ValueError, match=f"{CONCEPTS_MAX + 1} concepts, at most {CONCEPTS_MAX}"):
        parse(small(concepts=many))
    assert len(lexicon().concepts) <= CONCEPTS_MAX


def test_a_rule_that_names_an_unknown_concept_is_refused() -> None:
    with pytest.raises(ValueError, match="vegetable"):
        parse(small(techniques={"still_life": ["fruit vegetable"]}))


@pytest.mark.parametrize("phrase", ["кажд* вывод*", "heikle* frage", "c++", "e-mail", "don't", "*", " ", ""])
def test_a_phrase_that_can_never_be_found_is_refused(phrase: str) -> None:
    with pytest.raises(ValueError, match="only at an end"):
        parse(small(concepts={**SMALL["concepts"], "dead": {"en": [phrase]}}))


@pytest.mark.parametrize(
    ("phrase", "bytes_sought"),
    [
        ("step by step", b" step by step "),
        ("reason*", b" reason"),
        ("*reason*", b"reason"),
        ("*ing", b"ing "),
        ("推理", "推理".encode()),
        ("<think>", b"<think>"),
        ("шаг*", " шаг".encode()),
    ],
)
def test_pattern(phrase: str, bytes_sought: bytes) -> None:
    assert pattern(phrase) == bytes_sought


@pytest.mark.parametrize(
    ("text", "fruit", "colour"),
    [
        ("An apple.", 1, 0),
        ("APPLE", 1, 0),
        ("pineapple", 0, 0),
        ("apples", 0, 0),
        ("pears and pearls", 1, 0),
        ("compearing", 0, 0),
        ("a red-hot day", 0, 1),
        ("hundred reds", 0, 0),
        ("他穿红色的衣服", 0, 1),
        ("apple\nred", 1, 1),
        ("ap ple re d", 0, 0),
    ],
)
def test_what_a_phrase_matches(text: str, fruit: int, colour: int) -> None:
    compiled = compile_automaton(parse(small()).phrases)
    assert int(read(pa.array([text]), compiled)[0, 0]) == fruit | colour << 1


PHRASE = st.builds(
    lambda body, star: body + star,
    st.lists(st.text("abé", min_size=1, max_size=3), min_size=1, max_size=3).map(" ".join)
    | st.text("推理步", min_size=1, max_size=3),
    st.sampled_from(["", "*"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PHRASE, min_size=1, max_size=8), st.lists(st.text("abé推理步 .<", max_size=40), min_size=1, max_size=4))
def test_the_automaton_equals_naive_search(phrases: list[str], texts: list[str]) -> None:
    pairs = tuple((phrase, bit) for bit, phrase in enumerate(phrases))
    found = read(pa.array(texts, pa.string()), compile_automaton(pairs))[:, 0]
    assert found.tolist() == [brute_force.concepts(text, pairs) if text else 0 for text in texts]


def test_more_states_than_can_be_numbered_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 65536 can be numbered"):
        compile_automaton((("a" * 70_000, 0),))


def test_satisfied() -> None:
    rules = {"both": (0b11,), "either": (0b01, 0b10), "third": (0b100,)}
    masks = np.array([0, 0b01, 0b11, 0b111, 0b100], np.int64)
    expected = [0, 0b010, 0b011, 0b111, 0b100]
    assert satisfied(masks, rules).tolist() == expected


def test_no_technique_hangs_on_a_single_general_concept() -> None:
    alone = {
        name: [lexicon().concepts[mask.bit_length() - 1] for mask in masks if mask.bit_count() == 1]
        for name, masks in lexicon().techniques.items()
    }
    assert {name: found for name, found in alone.items() if found} == {
        "language_coercion": ["thinking_language"],
        "identity_override": ["identity"],
    }
