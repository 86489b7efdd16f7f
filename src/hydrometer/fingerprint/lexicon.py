"""The lexicon: phrases in several languages → concepts → techniques and capabilities, as data (`lexicon.yaml`).

A phrase alone convicts nobody ("step by step" is what every pupil writes). Phrases mark *concepts*; a technique is a
conjunction of concepts, e.g. reasoning ∧ exposure. Concepts are bits of one 64-bit mask that the text pass fills; the
conjunctions are evaluated on masks afterwards. Source: techniques that providers published in 2026 (see the file).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import yaml
from numpy.typing import NDArray

STATES_MAX = 2**16
CONCEPTS_MAX = 62


@dataclass(frozen=True, slots=True)
class Automaton:
    """A compiled lexicon.

    Attributes:
        table: shape (states, classes), next state. The states that are met most come first, and those in which a
            concept is complete last, so that few lines of it are read and `outputs` is hardly ever looked into.
        outputs: shape (states,), bits of the concepts that are complete in a state.
        classes: shape (256,), class of each byte.
        first: number of the first state in which a concept is complete.
    """

    table: NDArray[np.uint16]
    outputs: NDArray[np.int64]
    classes: NDArray[np.uint8]
    first: int


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Phrases and rules.

    Attributes:
        concepts: names; the position is the bit.
        phrases: (phrase, bit) pairs.
        techniques: technique → alternatives; each alternative is a mask of which all bits must be set.
        capabilities: capability → the same.
        languages: language → the same; the first that holds is the prompt's.
        targets: capability of the contract → the same; describes a case and is never counted by a test.
    """

    concepts: tuple[str, ...]
    phrases: tuple[tuple[str, int], ...]
    techniques: dict[str, tuple[int, ...]]
    capabilities: dict[str, tuple[int, ...]]
    languages: dict[str, tuple[int, ...]]
    targets: dict[str, tuple[int, ...]]


@cache
def lexicon() -> Lexicon:
    """The shipped lexicon."""
    return parse(files("hydrometer.fingerprint").joinpath("lexicon.yaml").read_text(encoding="utf-8"))


def parse(text: str) -> Lexicon:
    """A lexicon from YAML text.

    Raises:
        ValueError: more concepts than bits, a rule that names an unknown concept, or a phrase that can never be found.
    """
    document = yaml.safe_load(text)
    concepts = tuple(document["concepts"])
    if len(concepts) > CONCEPTS_MAX:
        raise ValueError(f"{len(concepts)} concepts, at most {CONCEPTS_MAX} fit into a mask")
    bit = {name: position for position, name in enumerate(concepts)}

    def rules(section: str) -> dict[str, tuple[int, ...]]:
        return {
            name: tuple(_mask(alternative.split(), bit, f"{section}.{name}") for alternative in alternatives)
            for name, alternatives in document[section].items()
        }

    phrases = tuple(
        (_findable(str(phrase).lower()), bit[concept])
        for concept, by_language in document["concepts"].items()
        for language in by_language.values()
        for phrase in language
    )
    sections = ("techniques", "capabilities", "languages", "targets")
    return Lexicon(concepts, phrases, *(rules(section) for section in sections))


def _mask(named: list[str], bit: dict[str, int], where: str) -> int:
    """The bits of the concepts that one alternative of a rule names."""
    unknown = sorted(set(named) - bit.keys())
    if unknown:
        raise ValueError(f"rule {where} names unknown concepts: {', '.join(unknown)}")
    return sum(1 << bit[concept] for concept in set(named))


def _findable(phrase: str) -> str:
    """The phrase, if the text pass can ever find it: it reads every sign but these as a space, and a `*` as an end."""
    body = phrase.strip("*")
    if not body.strip() or not all(sign.isalnum() or sign in " <>" for sign in body):
        raise ValueError(f"phrase {phrase!r}: letters, digits, spaces, < and > only, and a `*` only at an end")
    return phrase


def pattern(phrase: str) -> bytes:
    """Bytes to look for: whole words, but for a `*` at an end and for scripts that put no spaces between words.

    >>> pattern("step by step"), pattern("reason*")
    (b' step by step ', b' reason')
    """
    spaced = not any("\u3040" <= sign <= "\u9fff" for sign in phrase)
    body = phrase.strip("*")
    left = " " if spaced and not phrase.startswith("*") and not body.startswith("<") else ""
    right = " " if spaced and not phrase.endswith("*") and not body.endswith(">") else ""
    return f"{left}{body}{right}".encode()


def compile_automaton(phrases: tuple[tuple[str, int], ...]) -> Automaton:
    """The Aho–Corasick automaton of the phrases with a dense table over classes of bytes."""
    patterns = [(pattern(phrase), bit) for phrase, bit in phrases]
    used = sorted({byte for body, _ in patterns for byte in body} | {32})
    classes = np.zeros(256, np.uint8)
    classes[used] = np.arange(1, len(used) + 1)
    children: list[dict[int, int]] = [{}]
    outputs: list[int] = [0]
    for body, bit in patterns:
        node = 0
        for byte in body:
            if byte not in children[node]:
                children[node][byte] = len(children)
                children.append({})
                outputs.append(0)
            node = children[node][byte]
        outputs[node] |= 1 << bit
    table = np.zeros((len(children), len(used) + 1), np.int32)
    fail = [0] * len(children)
    queue, met = deque([0]), list[int]()
    while queue:
        node = queue.popleft()
        met.append(node)
        outputs[node] |= outputs[fail[node]]
        table[node] = table[fail[node]] if node else 0
        for byte, child in children[node].items():
            fail[child] = int(table[fail[node], classes[byte]]) if node else 0
            table[node, classes[byte]] = child
            queue.append(child)
    return numbered_anew(table, np.array(outputs, np.int64), classes, np.array(met))


def numbered_anew(
    table: NDArray[np.int32], outputs: NDArray[np.int64], classes: NDArray[np.uint8], met: NDArray[np.int64]
) -> Automaton:
    """The automaton with its states in the order `met` of their depth, but those with an output last.

    Raises:
        ValueError: more states than 16 bits can number, or a concept is complete before anything was read.
    """
    if len(met) > STATES_MAX or outputs[0]:
        raise ValueError(f"{len(met)} states of the lexicon, at most {STATES_MAX} can be numbered")
    order = met[np.argsort(outputs[met] != 0, kind="stable")]
    number = np.empty(len(order), np.uint16)
    number[order] = np.arange(len(order))
    return Automaton(number[table[order]], outputs[order], classes, int((outputs == 0).sum()))


@cache
def automaton() -> Automaton:
    """The shipped lexicon, compiled."""
    return compile_automaton(lexicon().phrases)


def satisfied(masks: NDArray[np.int64], rules: dict[str, tuple[int, ...]]) -> NDArray[np.int64]:
    """Which rules hold, as bits in the order of `rules`.

    Args:
        masks: shape (n,), concepts.
        rules: name → alternatives.

    Returns:
        shape (n,), bit k set where any alternative of rule k is contained in the mask.
    """
    result = np.zeros(len(masks), np.int64)
    for position, alternatives in enumerate(rules.values()):
        holds = np.zeros(len(masks), np.bool_)
        for alternative in alternatives:
            holds |= (masks & alternative) == alternative
        result |= holds.astype(np.int64) << position
    return result
