"""What each kind brings with it is stated for every kind, in arrays of one order."""

from __future__ import annotations

import numpy as np
import pytest

from hydrometer.simulate import speech

ARRAYS = ("OUTPUT_TOKENS", "SPREAD", "INPUT_KIND", "INPUT_SHARE", "OUTPUT_KIND")


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_speak_of_every_kind(name: str) -> None:
    assert len(getattr(speech, name)) == len(speech.KINDS)


def test_a_kind_brings_text_or_one_other_thing() -> None:
    for kind, shape in speech.SPEECH.items():
        given = [share for share in (shape.image, shape.audio, shape.screen) if share > 0]
        assert len(given) <= 1, kind
        assert (shape.takes == "text") == (not given), kind


def test_input_modalities_and_shares_agree() -> None:
    assert ((speech.INPUT_KIND > 0) == (speech.INPUT_SHARE > 0)).all()
    images = speech.INPUT_MODALITIES.index("image") == speech.INPUT_KIND
    assert np.array_equal(np.where(images, speech.INPUT_SHARE, 0.0), [one.image for one in speech.SPEECH.values()])
    takes = {
        name: speech.INPUT_MODALITIES[speech.INPUT_KIND[speech.CODE[name]]]
        for name in ("screen_harvest", "screen_help", "vision_harvest", "vision_ask", "audio_harvest", "audio_ask")
    }
    assert list(takes.values()) == ["screen", "screen", "image", "image", "audio", "audio"]


def test_pictures_come_out_of_kinds_that_ask_for_them() -> None:
    pictured = {
        kind for kind in speech.KINDS if speech.OUTPUT_MODALITIES[speech.OUTPUT_KIND[speech.CODE[kind]]] != "text"
    }
    assert pictured == {"picture_harvest", "picture_ask"}


def test_tool_results_follow_agents() -> None:
    followed = {kind for kind in speech.KINDS if speech.tool_turn(np.array([speech.CODE[kind]]))[0]}
    assert followed == {"agent", "tool", "agent_harvest", "session_replay"}


def test_a_technique_and_its_twin_have_overlapping_answers() -> None:
    """The twin's median lies well inside the spread of the technique's answers."""
    twins = {
        "after_fact": "teacher_feedback", "trace_clean": "transcript_clean", "sanitise": "news_rewrite",
        "task_make": "course_task", "kernel_harvest": "kernel_ask", "data_harvest": "data_ask",
        "screen_harvest": "screen_help", "vision_harvest": "vision_ask", "audio_harvest": "audio_ask",
        "picture_harvest": "picture_ask", "canary": "regression", "fuzz": "prompt_tuning",
        "fake_debug": "security_probe", "cyber_harvest": "ctf_ask",
    }  # fmt: skip
    for technique, twin in twins.items():
        one, other = speech.SPEECH[technique], speech.SPEECH[twin]
        distance = abs(np.log(one.output_tokens / other.output_tokens))
        assert distance < max(one.spread, other.spread) * 1.3, technique


def test_codes_of_system_prompts_and_injections_keep_kind_and_number_apart() -> None:
    for kind in range(len(speech.INJECTIONS)):
        codes = speech.injection(kind, np.array([0, 7, speech.SYSTEM_STEP + 7]))
        assert (codes // speech.SYSTEM_STEP == kind).all()
        assert codes[1] == codes[2] != codes[0]
    assert speech.SYSTEMS[speech.PIPELINE] == "system_pipeline"
    assert speech.INJECTIONS[speech.TONGUE] == "inject_language"
