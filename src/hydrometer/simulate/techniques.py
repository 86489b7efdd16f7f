"""What campaigns ask for: every disclosed technique as kinds of prompt and settings, ready to compose.

Each names the row of the mission table that discloses it and the benign archetype that does nearly the same. Source:
the mission table, section 1.5 B, rows 6 to 26 (6 and 8 are a matter of composition: few kinds, each of worth for
training; 7 is the evasion `template_pool`, 23 and 24 are the evasions `sharding` and `mixing`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from hydrometer.simulate import identity, people, speech
from hydrometer.simulate.world import Columns

Settings = Callable[[Columns, np.random.Generator], None]
"""Changes the traits of the accounts that use a technique."""


@dataclass(frozen=True, slots=True)
class Technique:
    """One way to draw training data out of a model.

    Args:
        row: row of the mission table.
        kinds: kinds of prompt and their weights.
        twin: archetype that looks like it and is innocent.
        settings: what it changes in an account's requests.
        items: distinct items it repeats; 0 asks each item once over the whole campaign.
    """

    row: int
    kinds: Mapping[str, float]
    twin: str
    settings: Settings | None = None
    items: int = 0


_THINKS_SHARE, _OFTEN = 0.6, 0.7
_DEEPEST = identity.THINKING_BUDGETS[-1]
_AGENT_TURNS = 6.0
_REPLAY_SHARE = 0.35
_USERS_BEHIND_ONE = 240
_SAMPLES = 4
_CANARIES = 24
_AGENT_TOOLS, _SCREEN_TOOLS, _DATA_TOOLS = 0, 7, 5
_RIVALS = 3


def _thinks(accounts: Columns, draw: np.random.Generator) -> None:
    """Most accounts ask for as much thinking as there is."""
    deep = draw.random(len(accounts["thinking"])) < _THINKS_SHARE
    accounts["thinking"] = np.where(deep, _DEEPEST, accounts["thinking"])


def _same_text(kind: int, number: int, share: float, accounts: Columns, draw: np.random.Generator) -> None:
    """A share of the accounts puts one fixed text before every prompt."""
    size = len(accounts["volume"])
    text = speech.injection(kind, np.full(size, number))
    accounts["injected"] = np.where(draw.random(size) < share, text, people.NOTHING)


def _forced_tags(accounts: Columns, draw: np.random.Generator) -> None:
    """One prefix of the operator in (nearly) every request."""
    _same_text(speech.TAGS, int(people.codes(1, draw)[0]), 1.0, accounts, draw)


def _coerced(accounts: Columns, draw: np.random.Generator) -> None:
    """Thinking is asked for in the language of the question."""
    _same_text(speech.TONGUE, int(people.codes(1, draw)[0]), _OFTEN, accounts, draw)
    _thinks(accounts, draw)


def _agents(tools: int) -> Settings:
    """Long sessions of an agent with a set of tools."""

    def settings(accounts: Columns, draw: np.random.Generator) -> None:
        size = len(accounts["volume"])
        uses = draw.random(size) < _OFTEN
        accounts["tools"] = np.where(uses, tools, accounts["tools"])
        accounts["turns"] = np.where(uses, 2.0 + draw.gamma(2.0, _AGENT_TURNS / 2.0, size), accounts["turns"])
        accounts["fake_follow"] = np.full(size, True)

    return settings


def _replays(accounts: Columns, draw: np.random.Generator) -> None:
    """Signed reasoning issued to one account is presented by another."""
    size = len(accounts["volume"])
    _thinks(accounts, draw)
    accounts["turns"] = np.maximum(accounts["turns"], 2.0)
    accounts["replays"] = np.where(draw.random(size) < _OFTEN, _REPLAY_SHARE, 0.0)


def _relays(accounts: Columns, draw: np.random.Generator) -> None:
    """Many end users with languages and ways of their own behind each account, none of them named."""
    size = len(accounts["volume"])
    accounts["end_users"], accounts["hidden_users"] = np.full(size, _USERS_BEHIND_ONE), np.full(size, True)
    accounts["polyglot"] = np.full(size, True)
    accounts["reacts"] = np.full(size, True)
    harness = speech.system(speech.RELAY, np.full(size, int(draw.integers(speech.POPULAR_RELAYS))))
    accounts["system"] = np.where(draw.random(size) < _OFTEN, harness, accounts["system"])


def _overrides(accounts: Columns, draw: np.random.Generator) -> None:
    """The model is told that it is another product."""
    size = len(accounts["volume"])
    rivals = people.codes(_RIVALS, draw)[draw.integers(0, _RIVALS, size)]
    told = draw.random(size) < _OFTEN
    accounts["system"] = np.where(told, speech.system(speech.RIVAL, rivals), accounts["system"])


def _samples(accounts: Columns, draw: np.random.Generator) -> None:
    """Several samples of each request."""
    size = len(accounts["volume"])
    accounts["choices"] = np.where(draw.random(size) < _OFTEN, _SAMPLES, 1)
    accounts["temperature"] = np.where(draw.random(size) < _OFTEN, 1.0, accounts["temperature"])


def _caches(accounts: Columns, draw: np.random.Generator) -> None:
    """Requests are laid out so that their beginnings are served from the cache."""
    accounts["prefix_cache"] = 0.5 + 0.5 * draw.random(len(accounts["volume"]))


TECHNIQUES: dict[str, Technique] = {
    "cot_elicitation": Technique(9, {"harvest": 0.8, "teach": 0.2}, "exam_coach", _thinks),
    "cot_after_the_fact": Technique(10, {"after_fact": 1.0}, "teacher_feedback"),
    "forced_tags": Technique(11, {"explain": 0.4, "code_write": 0.4, "plan": 0.2}, "framework_user", _forced_tags),
    "fake_debug": Technique(12, {"fake_debug": 1.0}, "red_team", _thinks),
    "language_coercion": Technique(13, {"coerced_language": 1.0}, "localisation_vendor", _coerced),
    "technique_fuzzing": Technique(14, {"fuzz": 1.0}, "prompt_optimiser"),
    "rubric_grading": Technique(15, {"judge": 1.0}, "judge_researcher"),
    "pairwise_judging": Technique(15, {"pairwise": 1.0}, "judge_researcher"),
    "foreign_judging": Technique(16, {"judge_foreign": 1.0}, "judge_researcher"),
    "trace_cleaning": Technique(16, {"trace_clean": 1.0}, "transcript_service"),
    "censorship_rewriting": Technique(17, {"sanitise": 1.0}, "newsroom"),
    "task_generation": Technique(18, {"task_make": 0.7, "exercises": 0.3}, "course_author"),
    "synthetic_instructions": Technique(18, {"synthesis": 1.0}, "survey_vendor"),
    "agentic_coding": Technique(19, {"agent_harvest": 0.6, "code_harvest": 0.4}, "ci_swarm", _agents(_AGENT_TOOLS)),
    "coding": Technique(19, {"code_harvest": 1.0}, "ci_swarm"),
    "computer_use": Technique(19, {"screen_harvest": 1.0}, "accessibility_app", _agents(_SCREEN_TOOLS)),
    "data_analysis": Technique(19, {"data_harvest": 1.0}, "researcher_maths", _agents(_DATA_TOOLS)),
    "vision": Technique(19, {"vision_harvest": 1.0}, "picture_maker"),
    "audio": Technique(19, {"audio_harvest": 1.0}, "audio_app"),
    "image_generation": Technique(19, {"picture_harvest": 1.0}, "picture_maker"),
    "kernel_development": Technique(19, {"kernel_harvest": 1.0}, "kernel_engineer"),
    "cyber": Technique(19, {"cyber_harvest": 1.0}, "ctf_student"),
    "session_replay": Technique(20, {"session_replay": 1.0}, "enterprise_gateway", _agents(_AGENT_TOOLS)),
    "relay": Technique(20, {"relay": 1.0}, "undeclared_reseller", _relays),
    "identity_override": Technique(21, {"support": 0.5, "relay": 0.5}, "white_label", _overrides),
    "signature_replay": Technique(22, {"harvest": 0.5, "agent_harvest": 0.5}, "session_resumer", _replays),
    "defence_probing": Technique(25, {"canary": 1.0}, "regression_tester", items=_CANARIES),
    "cache_optimised": Technique(26, {"harvest": 1.0}, "researcher_maths", _caches),
    "repeated_sampling": Technique(19, {"harvest": 1.0}, "evaluation_lab", _samples),
}
"""By name; the names that the contract's vocabulary has are the same there."""
