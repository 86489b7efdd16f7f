"""Turns codes into prompts: sentence patterns with slots, filled by hashing, many rows at a time.

A prompt is a function of (kind, language, style, item, wording): the item fixes what is talked about, the style which
pattern, the wording its paraphrase, so
that a work-list, a repeated task or a paraphrase is a choice of integers. Words live in `words/<language>.yaml`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from hydrometer.base.draws import generator
from hydrometer.base.errors import BugError
from hydrometer.simulate.mixing import choose
from hydrometer.simulate.networks import LANGUAGES
from hydrometer.simulate.world import Array

_WORDS = Path(__file__).parent / "words"
_SLOT = re.compile(r"\{([~#]?)([a-z]+|\d+)(\d*)\}")
_SENTENCES = 2400
_CASES = 2400
_CASE_NUMBERS = 900
_FALLBACK = "en"
_NO_SPACE = ("zh",)
_PRELUDES, _CODAS = 700, 300
_FRAMED_PRELUDE, _FRAMED_CODA, _CARELESS = 45, 30, 16
"""Per cent of people's prompts that begin with a remark, end with one, are written without capitals."""
_PRELUDE_SALT, _CODA_SALT, _CARELESS_SALT = 7900, 7901, 7902
PLAIN = (
    "classroom",
    "table_row",
    "invoice",
    "eval_item",
    "rubric",
    "npc",
    "viral",
    "annotate",
    "harvest",
    "teach",
    "judge",
    "pairwise",
    "synthesis",
    "agent",
    "tool",
)
"""Kinds that programs send or that are copied; all others are written by people, each in a way of their own."""
_PATTERN_SALT, _EXTRA_SALT = 11, 7000
_TOPIC = "topic"
LATER_TURNS = ("follow", "tool")
"""Kinds that continue a conversation: their pattern changes from turn to turn."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a pattern: which list fills it, from which hash, and whether the wording or the item decides."""

    values: pa.Array
    salt: int
    by_wording: bool


@dataclass(frozen=True, slots=True)
class Grammar:
    """The sentences of one language: for each kind its patterns, each a sequence of literals and slots."""

    language: str
    patterns: dict[str, tuple[tuple[str | Slot, ...], ...]]
    sentences: pa.Array
    preludes: pa.Array
    codas: pa.Array
    topics: tuple[str, ...]


def _lists(texts: dict[str, str]) -> dict[str, list[str]]:
    """Slot lists from their semicolon-separated form."""
    return {name: [word.strip() for word in text.split(";") if word.strip()] for name, text in texts.items()}


def _salt(name: str, number: str) -> int:
    """A salt that depends on the slot's name and number, equal in all patterns."""
    return 100 + sum((position + 1) * ord(letter) for position, letter in enumerate(name)) * 10 + int(number or 1)


def _parse(pattern: str, arrays: dict[str, pa.Array], later_turn: bool) -> tuple[str | Slot, ...]:
    """The literals and slots of one pattern; in a later turn only the topic stays that of the conversation."""
    parts: list[str | Slot] = []
    done = 0
    for found in _SLOT.finditer(pattern):
        parts.append(pattern[done : found.start()])
        mark, name, number = found.groups()
        if mark == "#":
            numbers = pa.array([str(value) for value in range(1, int(name) + 1)], pa.string())
            parts.append(Slot(numbers, _salt("number", str(found.start())), by_wording=later_turn))
        else:
            parts.append(Slot(arrays[name], _salt(name, number), mark == "~" or (later_turn and name != _TOPIC)))
        done = found.end()
    parts.append(pattern[done:])
    return tuple(part for part in parts if part != "")


def _fill(pattern: str, lists: dict[str, list[str]], draw: np.random.Generator) -> str:
    """One random filling of a pattern, for the banks of sentences."""

    def replace(found: re.Match[str]) -> str:
        mark, name, _ = found.groups()
        if mark == "#":
            return str(int(draw.integers(1, int(name) + 1)))
        return lists[name][int(draw.integers(len(lists[name])))]

    return _SLOT.sub(replace, pattern)


@lru_cache
def grammar(language: str) -> Grammar:
    """The grammar of a language; kinds that it lacks are written in English.

    Raises:
        BugError: a pattern names a slot that the language lacks.
    """
    source = yaml.safe_load((_WORDS / f"{language}.yaml").read_text(encoding="utf-8"))
    draw = generator(0, "sentences", language.encode())
    lists = _lists(source["slots"])
    cases = lists["case"]
    lists["case"] = [cases[k % len(cases)].replace("{n}", str(draw.integers(3, _CASE_NUMBERS))) for k in range(_CASES)]
    rules = source["sentence"]
    lists["sentence"] = [_fill(rules[k % len(rules)], lists, draw) for k in range(_SENTENCES)]
    arrays = {name: pa.array(words, pa.string()) for name, words in lists.items()}
    try:
        parsed = {
            kind: tuple(_parse(text, arrays, kind in LATER_TURNS) for text in texts)
            for kind, texts in source["patterns"].items()
        }
    except KeyError as problem:
        raise BugError(
            f"words/{language}.yaml", f"slot {problem}", "a slot with a list of words", "add the list"
        ) from problem
    preludes, codas = (
        pa.array([_fill(source[part][k % len(source[part])], lists, draw) for k in range(count)], pa.string())
        for part, count in (("prelude", _PRELUDES), ("coda", _CODAS))
    )
    return Grammar(language, parsed, arrays["sentence"], preludes, codas, tuple(lists[_TOPIC]))


def _row_texts(pattern: tuple[str | Slot, ...], item: Array, wording: Array) -> pa.Array:
    """The filled pattern for each row."""
    pieces = [
        pa.scalar(part, pa.string())
        if isinstance(part, str)
        else part.values.take(pa.array(choose(wording if part.by_wording else item, part.salt, len(part.values))))
        for part in pattern
    ]
    if all(isinstance(piece, pa.Scalar) for piece in pieces):
        return pa.array([pattern[0]] * len(item), pa.string())
    return pc.binary_join_element_wise(*pieces, "")


def _by_people(texts: pa.Array, language: Grammar, wording: Array) -> pa.Array:
    """Texts as different people would put them: some with a remark before or after, some without capitals."""
    gap = "" if language.language in _NO_SPACE else " "
    before = pa.array(
        choose(wording, _PRELUDE_SALT, _PRELUDES), mask=choose(wording, _PRELUDE_SALT + 50, 100) >= _FRAMED_PRELUDE
    )
    after = pa.array(choose(wording, _CODA_SALT, _CODAS), mask=choose(wording, _CODA_SALT + 50, 100) >= _FRAMED_CODA)
    framed = pc.binary_join_element_wise(
        language.preludes.take(before), texts, language.codas.take(after), gap, null_handling="skip"
    )
    careless = pa.array(choose(wording, _CARELESS_SALT, 100) < _CARELESS)
    return pc.if_else(careless, pc.utf8_rtrim(pc.utf8_lower(framed), "."), framed)


def _with_extra(texts: pa.Array, language: Grammar, context: Array, extra: Array) -> pa.Array:
    """Texts followed by `extra` sentences each."""
    gap = "" if language.language in _NO_SPACE else " "
    pieces = [texts]
    for number in range(int(extra.max(initial=0))):
        chosen = choose(context, _EXTRA_SALT + number, len(language.sentences))
        index = pa.array(chosen, mask=extra <= number)
        pieces.append(language.sentences.take(index))
    return pc.binary_join_element_wise(*pieces, gap, null_handling="skip") if len(pieces) > 1 else texts


def render(kinds: tuple[str, ...], rows: dict[str, Array]) -> pa.Array:
    """The prompt of each row.

    Args:
        kinds: names that `rows["kind"]` indexes.
        rows: `kind`, `language` (indices), `style` (which pattern), `item`, `wording` (codes) and `extra`
            (number of added sentences).
    """
    size = len(rows["kind"])
    key = rows["kind"].astype(np.int64) * len(LANGUAGES) + rows["language"]
    parts: list[pa.Array] = []
    order: list[Array] = []
    for value in np.unique(key):
        kind = kinds[int(value) // len(LANGUAGES)]
        language = grammar(LANGUAGES[int(value) % len(LANGUAGES)])
        if kind not in language.patterns:
            language = grammar(_FALLBACK)
        patterns = language.patterns[kind]
        here = np.flatnonzero(key == value)
        which = choose(rows["style"][here], _PATTERN_SALT, len(patterns))
        for number in np.unique(which):
            at = here[which == number]
            texts = _row_texts(patterns[int(number)], rows["item"][at], rows["wording"][at])
            if kind not in PLAIN:
                texts = _by_people(texts, language, rows["wording"][at])
            parts.append(_with_extra(texts, language, rows["wording"][at] ^ rows["item"][at], rows["extra"][at]))
            order.append(at)
    if not parts:
        return pa.array([], pa.string())
    place = np.empty(size, dtype=np.int64)
    place[np.concatenate(order)] = np.arange(size)
    return pa.concat_arrays(parts).take(pa.array(place))
