"""Prompts are functions of their codes, complete in every language, and varied."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest

from hydrometer.simulate import grammar, networks, speech
from hydrometer.simulate.world import Columns

OPEN_SLOT = re.compile(r"\{[~#]?[a-z]*\d*\}")
"""A slot that nothing filled; braces of JSON and code are not one."""

WORK_LISTS = (
    "harvest", "teach", "judge", "pairwise", "synthesis", "after_fact", "fake_debug", "coerced_language", "fuzz",
    "judge_foreign", "trace_clean", "sanitise", "task_make", "code_harvest", "kernel_harvest", "cyber_harvest",
    "data_harvest", "screen_harvest", "vision_harvest", "audio_harvest", "picture_harvest", "agent_harvest",
    "session_replay",
)  # fmt: skip
BATCH_JOBS = ("ticket_sort", "product_copy", "catalogue_line", "digest", "field_extract")
"""Work-lists of ordinary firms."""
TECHNIQUES = (*WORK_LISTS, "exercises", "relay", "canary")
TWINS = (
    "teacher_feedback", "security_probe", "localise", "prompt_tuning", "transcript_clean", "news_rewrite", "moderate",
    "course_task", "kernel_ask", "ctf_ask", "data_ask", "screen_help", "vision_ask", "audio_ask", "picture_ask",
    "regression", "survey_items", "scaffolded", "order_status", "debate", "game_master", "legal_clause",
    *BATCH_JOBS,
)  # fmt: skip
OLD = ("harvest", "teach", "judge", "pairwise", "synthesis", "exercises")
NEW = (*(kind for kind in TECHNIQUES if kind not in OLD), *TWINS)
EVERYDAY = ("ask", "explain", "write", "code_fix", "code_write", "steps", "rubric", "exam", "support")


def shingles(text: str, language: int) -> set[tuple[str, ...]]:
    words = list(text) if networks.LANGUAGES[language] == "zh" else re.findall(r"\w+", text.lower())
    return {tuple(words[start : start + 5]) for start in range(len(words) - 4)}


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


@pytest.mark.parametrize("bank", grammar.BANKS)
@pytest.mark.parametrize("language", range(len(networks.LANGUAGES)), ids=networks.LANGUAGES)
def test_every_kind_fills_every_slot(language: int, bank: str) -> None:
    for kind in range(len(speech.KINDS)):
        texts = grammar.render(speech.KINDS, rows(40, kind, language), bank).to_pylist()
        assert all(text and not OPEN_SLOT.search(text) for text in texts), speech.KINDS[kind]


def test_english_has_patterns_for_all_that_is_ever_rendered() -> None:
    named = {*speech.KINDS, *speech.SYSTEMS, *speech.INJECTIONS}
    assert named == set(grammar.grammar("en").patterns)


@pytest.mark.parametrize("language", networks.LANGUAGES)
def test_techniques_and_twins_speak_every_language_with_several_patterns(language: str) -> None:
    patterns = grammar.grammar(language).patterns
    least = 4 if language == "en" else 3
    assert [kind for kind in NEW if len(patterns.get(kind, ())) < least] == []


def test_the_most_varied_techniques_have_eight_patterns() -> None:
    assert all(len(grammar.grammar("en").patterns[kind]) >= 8 for kind in ("fake_debug", "fuzz"))


@pytest.mark.parametrize("language", networks.LANGUAGES)
def test_the_second_bank_has_every_technique_and_everyday_kind(language: str) -> None:
    first, second = (grammar.grammar(language, bank).patterns for bank in grammar.BANKS)
    assert [kind for kind in (*TECHNIQUES, *EVERYDAY) if kind not in second or second[kind] == first.get(kind)] == []


@pytest.mark.parametrize("bank", grammar.BANKS)
@pytest.mark.parametrize("language", range(len(networks.LANGUAGES)), ids=networks.LANGUAGES)
def test_a_work_list_hardly_repeats_itself_even_from_one_script(language: int, bank: str) -> None:
    """One wording and one pattern, as a script has them: 95 % distinct prompts over all scripts of a kind."""
    for name in (*WORK_LISTS, *BATCH_JOBS):
        shares = []
        for script in range(4):
            codes = rows(2_000, speech.CODE[name], language)
            codes["style"], codes["wording"] = np.full((2, 2_000), script)
            shares.append(len(set(grammar.render(speech.KINDS, codes, bank).to_pylist())) / 2_000)
        assert np.mean(shares) >= 0.95, (name, shares)


@pytest.mark.parametrize("language", range(len(networks.LANGUAGES)), ids=networks.LANGUAGES)
def test_the_second_bank_words_techniques_otherwise(language: int) -> None:
    """Fewer than a tenth of its five-word shingles (Chinese: five characters) occur in the first bank."""
    for name in TECHNIQUES:
        codes = rows(200, speech.CODE[name], language, extra=1)
        first, second = (
            set().union(*(shingles(text, language) for text in grammar.render(speech.KINDS, codes, bank).to_pylist()))
            for bank in grammar.BANKS
        )
        assert len(first & second) < 0.1 * len(second), name


def test_a_bank_is_part_of_the_code() -> None:
    codes = rows(100, speech.CODE["harvest"], 0)
    first, second = (grammar.render(speech.KINDS, codes, bank).to_pylist() for bank in grammar.BANKS)
    assert not set(first) & set(second)
    assert first == grammar.render(speech.KINDS, codes).to_pylist()


def test_agent_prompts_are_long_and_most_others_are_not() -> None:
    lengths = {
        kind: np.median([len(text) for text in grammar.render(speech.KINDS, rows(200, code, 0)).to_pylist()])
        for kind, code in speech.CODE.items()
    }
    assert all(300 <= lengths[kind] <= 2_000 for kind in ("agent_harvest", "session_replay", "trace_clean"))
    assert np.median(list(lengths.values())) < 300


def test_slots_do_not_share_a_hash() -> None:
    """Two lists with one salt would be chosen together. Those of a character's mood and role always were."""
    for bank in grammar.BANKS:
        for language in networks.LANGUAGES:
            source = grammar._source(language, bank)
            salts = [grammar._salt(name, "1") for name in (*source["slots"], *source["composed"]) if name != "role"]
            assert len(set(salts)) == len(salts)


def test_speed_is_printed() -> None:
    """A look at the cost for whoever runs it with -s; only a blow-up by an order of magnitude fails."""
    draw = np.random.Generator(np.random.Philox(key=3))
    size = 50_000
    codes = rows(size, 0, 0)
    codes["kind"], codes["extra"] = draw.integers(0, len(speech.KINDS), size), draw.poisson(2.0, size)
    codes["language"] = draw.integers(0, len(networks.LANGUAGES), size)
    begun = time.process_time()
    texts = grammar.render(speech.KINDS, codes)
    spent_s = time.process_time() - begun
    print(f"{size} prompts in {spent_s:.2f} s, {texts.nbytes / size:.0f} bytes each")
    assert spent_s < 25.0


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


def test_programs_and_system_prompts_make_no_remarks() -> None:
    """One code is one text, and nobody says hello in front of it."""
    for names in (speech.SYSTEMS, speech.INJECTIONS):
        for kind, name in enumerate(names):
            if name != "system_bot":
                texts = grammar.render(names, rows(300, kind, 0)).to_pylist()
                assert not any(text.startswith(("Hi,", "hello", "My ", "Background")) for text in texts), name


def test_nothing_gives_nothing() -> None:
    assert grammar.render(speech.KINDS, rows(0, 0, 0)).to_pylist() == []
