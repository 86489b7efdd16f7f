"""Turns codes into prompts: sentence patterns with slots, filled by hashing, many rows at a time.

A prompt is a function of (bank, kind, language, style, item, wording): the item fixes what is talked about, the style
which pattern, the wording its paraphrase, so that a work-list, a repeated task or a paraphrase is a choice of integers.
Words live in `words/<language>.yaml` (everyday talk), `words/techniques/` (disclosed techniques and their twins) and
`words/shared.yaml` (code and tools); the bank "second" lays `words/second/` over them: the same kinds by other authors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

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
_COMPOSED = 900
"""Fillings of each composed list: answers, thoughts, tool calls, remarks in a meeting."""
_FALLBACK = "en"
_NO_SPACE = ("zh",)
_PRELUDES, _CODAS = 700, 300
_FRAMED_PRELUDE, _FRAMED_CODA, _CARELESS = 45, 30, 16
"""Per cent of people's prompts that begin with a remark, end with one, are written without capitals."""
_PRELUDE_SALT, _CODA_SALT, _CARELESS_SALT = 7900, 7901, 7902
BANKS = ("first", "second")
"""Who wrote the sentences; the second bank serves worlds that nothing was fitted on."""
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
    "after_fact",
    "teacher_feedback",
    "fake_debug",
    "security_probe",
    "coerced_language",
    "localise",
    "fuzz",
    "judge_foreign",
    "trace_clean",
    "transcript_clean",
    "sanitise",
    "news_rewrite",
    "moderate",
    "task_make",
    "code_harvest",
    "kernel_harvest",
    "cyber_harvest",
    "data_harvest",
    "screen_harvest",
    "vision_harvest",
    "audio_harvest",
    "picture_harvest",
    "agent_harvest",
    "session_replay",
    "canary",
    "regression",
    "survey_items",
    "scaffolded",
    "ticket_sort",
    "product_copy",
    "catalogue_line",
    "digest",
    "field_extract",
    "system_editor",
    "system_framework",
    "system_company",
    "system_judge",
    "system_rival",
    "system_brand",
    "system_relay",
    "system_access",
    "system_tutor",
    "system_pipeline",
    "inject_tags",
    "inject_scaffold",
    "inject_language",
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


@cache
def _numbers(most: int) -> pa.Array:
    """The numbers from 1 to `most` as text."""
    return pa.array([str(value) for value in range(1, most + 1)], pa.string())


def _parse(pattern: str, arrays: dict[str, pa.Array], later_turn: bool) -> tuple[str | Slot, ...]:
    """The literals and slots of one pattern; in a later turn only the topic stays that of the conversation."""
    parts: list[str | Slot] = []
    done = 0
    for found in _SLOT.finditer(pattern):
        parts.append(pattern[done : found.start()])
        mark, name, number = found.groups()
        if mark == "#":
            parts.append(Slot(_numbers(int(name)), _salt("number", str(found.start())), by_wording=later_turn))
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


def _filled(rules: list[str], lists: dict[str, list[str]], count: int, draw: np.random.Generator) -> list[str]:
    """`count` random fillings, the rules in turn."""
    return [_fill(rules[k % len(rules)], lists, draw) for k in range(count)]


def _read(path: Path) -> dict[str, Any]:
    """One file of words, by section."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return dict(loader(path.read_text(encoding="utf-8")).get_single_data() or {})


def _source(language: str, bank: str) -> dict[str, dict[str, Any]]:
    """All sections of a language; a later file replaces lists and kinds of an earlier one by name."""
    files = [_WORDS / "shared.yaml", _WORDS / f"{language}.yaml", _WORDS / "techniques" / f"{language}.yaml"]
    if bank == BANKS[1]:
        files += [_WORDS / "second" / "shared.yaml", _WORDS / "second" / f"{language}.yaml"]
    merged: dict[str, dict[str, Any]] = {"slots": {}, "composed": {}, "patterns": {}, "rules": {}}
    for path in files:
        for section, content in _read(path).items():
            if isinstance(content, dict):
                merged[section].update(content)
            else:
                merged["rules"][section] = content
    return merged


def _seed_words(language: str, bank: str) -> bytes:
    """What the draws of a bank depend on."""
    return language.encode() if bank == BANKS[0] else f"{language} {bank}".encode()


@cache
def grammar(language: str, bank: str = BANKS[0]) -> Grammar:
    """The grammar of a language; kinds that it lacks are written in English.

    Args:
        language: one of `networks.LANGUAGES`.
        bank: one of `BANKS`.

    Raises:
        BugError: a pattern names a slot that the language lacks.
    """
    source = _source(language, bank)
    rules = source["rules"]
    draw = generator(0, "sentences", _seed_words(language, bank))
    lists = _lists(source["slots"])
    try:
        cases = lists["case"]
        lists["case"] = [
            cases[k % len(cases)].replace("{n}", str(draw.integers(3, _CASE_NUMBERS))) for k in range(_CASES)
        ]
        lists["sentence"] = _filled(rules["sentence"], lists, _SENTENCES, draw)
        preludes = _filled(rules["prelude"], lists, _PRELUDES, draw)
        codas = _filled(rules["coda"], lists, _CODAS, draw)
        for name, texts in source["composed"].items():
            lists[name] = _filled(texts, lists, _COMPOSED, draw)
        arrays = {name: pa.array(words, pa.string()) for name, words in lists.items()}
        parsed = {
            kind: tuple(_parse(text, arrays, kind in LATER_TURNS) for text in texts)
            for kind, texts in source["patterns"].items()
        }
    except KeyError as problem:
        raise BugError(
            f"words of {language}, bank {bank}", f"slot {problem}", "a slot with a list of words", "add the list"
        ) from problem
    before, after = pa.array(preludes, pa.string()), pa.array(codas, pa.string())
    return Grammar(language, parsed, arrays["sentence"], before, after, tuple(lists[_TOPIC]))


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


def render(kinds: tuple[str, ...], rows: dict[str, Array], bank: str = BANKS[0]) -> pa.Array:
    """The prompt of each row.

    Args:
        kinds: names that `rows["kind"]` indexes.
        rows: `kind`, `language` (indices), `style` (which pattern), `item`, `wording` (codes) and `extra`
            (number of added sentences).
        bank: whose sentences, one of `BANKS`.
    """
    size = len(rows["kind"])
    finished: list[pa.Array] = []
    order: list[Array] = []
    for (language, by_people), parts in _by_grammar(kinds, rows, bank).items():
        at = np.concatenate([where for where, _ in parts])
        texts = pa.concat_arrays([some for _, some in parts])
        wording = rows["wording"][at]
        used = grammar(language, bank)
        if by_people:
            texts = _by_people(texts, used, wording)
        finished.append(_with_extra(texts, used, wording ^ rows["item"][at], rows["extra"][at]))
        order.append(at)
    if not finished:
        return pa.array([], pa.string())
    place = np.empty(size, dtype=np.int64)
    place[np.concatenate(order)] = np.arange(size)
    return pa.concat_arrays(finished).take(pa.array(place))


def _by_grammar(
    kinds: tuple[str, ...], rows: dict[str, Array], bank: str
) -> dict[tuple[str, bool], list[tuple[Array, pa.Array]]]:
    """Bare texts with their rows, by the language they are written in and whether people write them."""
    key = rows["kind"].astype(np.int64) * len(LANGUAGES) + rows["language"]
    bare: dict[tuple[str, bool], list[tuple[Array, pa.Array]]] = {}
    for value in np.unique(key):
        kind = kinds[int(value) // len(LANGUAGES)]
        language = LANGUAGES[int(value) % len(LANGUAGES)]
        if kind not in grammar(language, bank).patterns:
            language = _FALLBACK
        patterns = grammar(language, bank).patterns[kind]
        here = np.flatnonzero(key == value)
        which = choose(rows["style"][here], _PATTERN_SALT, len(patterns))
        for number in np.unique(which):
            at = here[which == number]
            texts = _row_texts(patterns[int(number)], rows["item"][at], rows["wording"][at])
            bare.setdefault((language, kind not in PLAIN), []).append((at, texts))
    return bare
