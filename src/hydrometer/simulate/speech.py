"""What each kind of prompt brings with it: length of the answer, extra context, images, tools, service.

Answer lengths are log-normal around a median of the kind; they overlap widely between kinds, and each account has its
own factor on top.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hydrometer.simulate.world import Array


@dataclass(frozen=True, slots=True)
class Speech:
    """Shape of one kind of prompt: median output tokens, spread of their logarithm, share of prompts with an image."""

    output_tokens: float
    spread: float = 0.7
    image: float = 0.0


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
}  # fmt: skip
KINDS = tuple(SPEECH)
COPIED = ("viral", "classroom", "eval_item", "rubric")
"""Kinds that are pasted word for word, without a context of one's own."""
CODE = {name: number for number, name in enumerate(KINDS)}
OUTPUT_TOKENS = np.array([speech.output_tokens for speech in SPEECH.values()])
SPREAD = np.array([speech.spread for speech in SPEECH.values()])
IMAGE = np.array([speech.image for speech in SPEECH.values()])
SYSTEMS = ("system_editor", "system_framework", "system_bot", "system_company", "system_judge")
EDITOR, FRAMEWORK, BOT, COMPANY, JUDGE = range(5)
"""Kinds of system prompt; a code is `kind * SYSTEM_STEP + number`."""
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


def tool_turn(kind: Array) -> Array:
    """Whether the next turn after each kind carries tool results instead of words of a person."""
    return np.isin(kind, [CODE["agent"], CODE["tool"]])
