"""What each kind of prompt brings with it: length of the answer, pictures and sound in and out, tools, system prompt.

Answer lengths are log-normal around a median of the kind; they overlap widely between kinds, and each account has its
own factor on top.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hydrometer.simulate.world import Array

INPUT_MODALITIES = ("text", "image", "audio", "screen")
OUTPUT_MODALITIES = ("text", "image", "audio")


@dataclass(frozen=True, slots=True)
class Speech:
    """Shape of one kind of prompt.

    Args:
        output_tokens: median length of the answer.
        spread: standard deviation of the logarithm of that length.
        image: share of prompts that bring an image.
        audio: share of prompts that bring sound.
        screen: share of prompts that bring a screenshot with controls.
        makes: what the answer is, one of `OUTPUT_MODALITIES`.
    """

    output_tokens: float
    spread: float = 0.7
    image: float = 0.0
    audio: float = 0.0
    screen: float = 0.0
    makes: str = "text"

    @property
    def takes(self) -> str:
        """What its prompts bring besides text: one of `INPUT_MODALITIES`, "text" where nothing."""
        return next((name for name in INPUT_MODALITIES[1:] if getattr(self, name) > 0), INPUT_MODALITIES[0])


SPEECH: dict[str, Speech] = {
    "ask": Speech(310), "explain": Speech(620), "write": Speech(480), "rewrite": Speech(210), "translate": Speech(120),
    "summarise": Speech(170), "plan": Speech(640, image=0.03), "steps": Speech(760), "rate": Speech(240, image=0.05),
    "exam": Speech(690, image=0.04), "classroom": Speech(410), "code_fix": Speech(540), "code_write": Speech(820),
    "agent": Speech(380, 0.9),
    "tool": Speech(260, 0.9), "table_row": Speech(14, 0.5),
    "invoice": Speech(48, 0.4, image=0.5), "eval_item": Speech(90, 1.2),
    "rubric": Speech(190), "support": Speech(150), "npc": Speech(60), "trial": Speech(560, 0.9), "viral": Speech(430),
    "annotate": Speech(70), "follow": Speech(360, 0.8), "harvest": Speech(880, 0.6), "teach": Speech(840, 0.6),
    "exercises": Speech(780, 0.6), "judge": Speech(230), "pairwise": Speech(200), "synthesis": Speech(900, 0.6),
    "after_fact": Speech(720, 0.6), "teacher_feedback": Speech(430),
    "fake_debug": Speech(610, 0.8), "security_probe": Speech(260, 0.9),
    "coerced_language": Speech(790, 0.6), "localise": Speech(160, 0.8),
    "fuzz": Speech(520, 0.9), "prompt_tuning": Speech(390, 0.8),
    "judge_foreign": Speech(290, 0.7), "trace_clean": Speech(840, 0.6), "transcript_clean": Speech(620),
    "sanitise": Speech(300), "news_rewrite": Speech(230), "moderate": Speech(60, 0.8),
    "task_make": Speech(760, 0.6), "course_task": Speech(680),
    "code_harvest": Speech(1250, 0.6), "kernel_harvest": Speech(1500, 0.6), "kernel_ask": Speech(880, 0.8),
    "cyber_harvest": Speech(980, 0.6), "ctf_ask": Speech(460, 0.8),
    "data_harvest": Speech(930, 0.6), "data_ask": Speech(560, 0.8),
    "screen_harvest": Speech(240, 0.7, screen=0.98), "screen_help": Speech(150, 0.7, screen=0.93),
    "vision_harvest": Speech(560, 0.7, image=0.98), "vision_ask": Speech(300, 0.7, image=0.95),
    "audio_harvest": Speech(590, 0.7, audio=0.98), "audio_ask": Speech(410, 0.8, audio=0.95),
    "picture_harvest": Speech(1290, 0.3, makes="image"), "picture_ask": Speech(1260, 0.4, image=0.12, makes="image"),
    "agent_harvest": Speech(860, 0.9), "session_replay": Speech(430, 0.9),
    "relay": Speech(420, 0.9, image=0.03), "canary": Speech(40, 0.8), "regression": Speech(35, 0.8),
    "survey_items": Speech(330), "scaffolded": Speech(280, 0.9), "order_status": Speech(60),
    "debate": Speech(450), "game_master": Speech(340), "legal_clause": Speech(520),
    "ticket_sort": Speech(16, 0.6), "product_copy": Speech(130), "catalogue_line": Speech(45, 0.6),
    "digest": Speech(150, 0.6), "field_extract": Speech(70, 0.6),
}  # fmt: skip
KINDS = tuple(SPEECH)
COPIED = ("viral", "classroom", "eval_item", "rubric", "canary", "regression")
"""Kinds that are pasted word for word, without a context of one's own."""
CODE = {name: number for number, name in enumerate(KINDS)}
OUTPUT_TOKENS = np.array([speech.output_tokens for speech in SPEECH.values()])
SPREAD = np.array([speech.spread for speech in SPEECH.values()])
INPUT_KIND = np.array([INPUT_MODALITIES.index(speech.takes) for speech in SPEECH.values()])
INPUT_SHARE = np.array([max(speech.image, speech.audio, speech.screen) for speech in SPEECH.values()])
"""Share of the prompts of each kind that bring what INPUT_KIND says."""
OUTPUT_KIND = np.array([OUTPUT_MODALITIES.index(speech.makes) for speech in SPEECH.values()])
SYSTEMS = (
    "system_editor", "system_framework", "system_bot", "system_company", "system_judge", "system_rival", "system_brand",
    "system_relay", "system_access", "system_tutor", "system_pipeline",
)  # fmt: skip
EDITOR, FRAMEWORK, BOT, COMPANY, JUDGE, RIVAL, BRAND, RELAY, ACCESS, TUTOR, PIPELINE = range(11)
"""Kinds of system prompt; a code is `kind * SYSTEM_STEP + number`."""
INJECTIONS = ("inject_tags", "inject_scaffold", "inject_language")
TAGS, SCAFFOLD, TONGUE = range(3)
"""Kinds of text that a program puts in front of every prompt, coded and rendered like system prompts."""
EDITOR_BUILDS = 3
"""Builds of the popular editor, each with its own system prompt: numbers of EDITOR."""
POPULAR_RELAYS = 3
"""Releases of relay software that most who relay run, each with its own default prompt: numbers of RELAY."""
SYSTEM_STEP = 2**40
TOOLSETS = (
    ("read_file", "edit_file", "run_command", "search"), ("web_search",), ("web_search", "calculator"),
    ("lookup_order", "create_ticket"),
    ("run_tests", "read_file", "apply_patch", "open_pull_request"),
    ("query_table", "plot"), ("calculator",), ("screen", "click", "type_text"),
)  # fmt: skip


def system(kind: int, number: Array) -> Array:
    """Codes of system prompts of a kind."""
    return np.asarray(kind * SYSTEM_STEP + number % SYSTEM_STEP)


def injection(kind: int, number: Array) -> Array:
    """Codes of injected texts of a kind."""
    return system(kind, number)


def tool_turn(kind: Array) -> Array:
    """Whether the next turn after each kind carries tool results instead of words of a person."""
    return np.isin(kind, [CODE[name] for name in ("agent", "tool", "agent_harvest", "session_replay")])
