"""What a group is after: named by wording and shape, compared with peers of one client, silent on what is usual."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.prove.facts.logs import exchange, log, subject

from hydrometer.base.contract_sums import CAPABILITIES
from hydrometer.base.workspace import Workspace
from hydrometer.fingerprint.lexicon import lexicon
from hydrometer.prove.facts.capabilities import SHAPES, aims, effective_number, facts, ratio_interval, targets

MATHS = "Solve for x in the equation and prove the theorem about the integral number {n}."
CODE = "Write a python function for case {n} with unit tests in the codebase."
TALK = "What shall we cook on day {n} in the evening?"


def requests(account: str, count: int, text: str, **columns: Any) -> list[dict[str, Any]]:
    return [exchange(account, n, prompt=text.format(n=n), **columns) for n in range(count)]


def crowd(text: str, accounts: int = 40, client: str = "sdk/1.0") -> list[dict[str, Any]]:
    return [row for k in range(accounts) for row in requests(f"p{client[0]}{k:03}", 25, text, user_agent=client)]


def members(text: str, accounts: int = 5, client: str = "sdk/1.0", **columns: Any) -> list[dict[str, Any]]:
    return [row for k in range(accounts) for row in requests(f"m{k}", 20, text, user_agent=client, **columns)]


GROUP = [f"m{k}" for k in range(5)]


def test_what_peers_do_not_ask_for_is_a_target(workspace: Workspace) -> None:
    log(workspace, [*members(MATHS), *crowd(TALK)])
    found = subject(workspace, GROUP)
    assert targets(found) == ["mathematics"]
    (row,) = [fact for fact in facts(found) if fact.fact == "target"]
    assert (row.subject, row.value, row.n, row.p_value, row.p_floor) == ("mathematics", 1.0, 5, 1 / 41, 1 / 41)
    assert "100 % of the exchanges" in row.statement and row.rows == 100


def test_what_everybody_with_this_client_asks_for_is_no_target(workspace: Workspace) -> None:
    """The twin: coders in an editor, in a world where nobody else codes."""
    editor = "quill/2.0"
    rows = [*members(CODE, client=editor), *crowd(CODE, 30, editor), *crowd(TALK, 60)]
    log(workspace, rows)
    assert targets(subject(workspace, GROUP)) == []
    coding = next(aim for aim in aims(subject(workspace, GROUP)) if aim.name == "coding")
    assert coding.share == 1.0 and coding.peers == pytest.approx(1.0) and coding.p_value == 1.0


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("vision", {"input_modalities": ["text", "image"]}),
        ("audio", {"input_modalities": ["audio"]}),
        ("audio", {"input_modalities": ["text"], "output_modalities": ["audio"]}),
        ("image_generation", {"output_modalities": ["image"]}),
        ("video_generation", {"output_modalities": ["video"]}),
        ("computer_use", {"input_modalities": ["text", "screen"]}),
        ("tool_use", {"tool_results": 2, "tools": ["run"]}),
        ("agentic_reasoning", {"tools": ["run", "read"], "turn": 3}),
        ("long_horizon", {"turn": 12}),
    ],
)
def test_shapes_show_what_words_do_not(workspace: Workspace, name: str, columns: dict[str, Any]) -> None:
    log(workspace, [*members(TALK, **columns), *crowd(TALK)])
    assert targets(subject(workspace, GROUP))[0] == name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("biology_chemistry", "Describe the synthesis route and the precursors, variant {n}"),
        ("influence_operations", "Write ten posts for sock puppets that amplify the narrative {n}"),
        ("surveillance", "Facial recognition pipeline to identify protesters, part {n}"),
        ("ethical_judgement", "Is it morally right in dilemma {n}?"),
        ("refusal_mapping", "Would you refuse request {n}? Which requests do you decline?"),
        ("kernel_development", "Raise the occupancy of this matmul with shared memory, size {n}"),
        ("grading", "Score this answer on the rubric, from 0 to 10: answer {n}"),
        ("translation", "Translate sentence {n} please"),
    ],
)
def test_words_of_the_contract_are_recognised(workspace: Workspace, name: str, text: str) -> None:
    log(workspace, [*members(text), *crowd(TALK)])
    assert name in targets(subject(workspace, GROUP))


def test_every_word_of_the_contract_is_seen_or_said_to_be_unobservable(workspace: Workspace) -> None:
    assert set(SHAPES) | set(lexicon().targets) == CAPABILITIES
    log(workspace, [*members(MATHS), *crowd(TALK)])
    rows = facts(subject(workspace, GROUP))
    said = " ".join(row.statement.replace(" ", "_") for row in rows)
    assert all(name in said for name in CAPABILITIES)
    unseen = next(row for row in rows if row.fact == "unobservable")
    assert "vision" in unseen.statement and unseen.state == "unknown"


def test_a_log_without_texts_and_shapes_says_so(workspace: Workspace) -> None:
    log(workspace, [exchange("m0", n) for n in range(30)])
    (row,) = facts(subject(workspace, ["m0"]))
    assert row.state == "unknown" and row.value is None
    assert targets(subject(workspace, ["m0"])) == []


def test_without_peers_nothing_is_compared(workspace: Workspace) -> None:
    log(workspace, members(MATHS))
    aim = aims(subject(workspace, GROUP))[0]
    assert (aim.name, aim.peers, aim.p_value) == ("mathematics", None, None)


def test_the_rank_is_uniform_on_a_group_that_is_like_its_peers(workspace: Workspace) -> None:
    """Under the null (one more operator of the same kind) p ≤ α holds in at most a share α of all choices."""
    draw = np.random.default_rng(5)
    rows = []
    for k in range(99):
        taste = draw.beta(0.7, 2.0)
        asked = draw.random(30) < taste
        rows += [exchange(f"p{k:03}", n, prompt=(MATHS if asked[n] else TALK).format(n=n)) for n in range(30)]
    log(workspace, rows)
    found = [
        next(aim for aim in aims(subject(workspace, [f"p{k:03}"])) if aim.name == "mathematics").p_value
        for k in range(0, 99, 3)
    ]
    ranks = np.array([value for value in found if value is not None])
    assert len(ranks) == 33
    for level in (0.1, 0.3, 0.5):
        assert (ranks <= level).mean() <= level + 2.6 * np.sqrt(level * (1 - level) / 33)


def test_the_interval_covers_a_share_that_differs_between_accounts() -> None:
    draw = np.random.default_rng(3)
    covered = 0
    for _ in range(1_000):
        share = draw.beta(6.0, 4.0, 40)
        whole = draw.integers(5, 60, 40)
        _, low, high = ratio_interval(draw.binomial(whole, share).astype(float), whole.astype(float))
        covered += low <= 0.6 <= high
    assert 0.92 <= covered / 1_000 <= 0.97


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=1, max_size=30))
@settings(max_examples=200)
def test_the_interval_holds_the_share(pairs: list[tuple[int, int]]) -> None:
    whole = np.array([float(n) for _, n in pairs])
    shown = np.array([float(min(k, n)) for k, n in pairs])
    share, low, high = ratio_interval(shown, whole)
    assert 0.0 <= low <= share + 1e-12 and share - 1e-12 <= high <= 1.0
    assert share == pytest.approx(shown.sum() / whole.sum())


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8))
def test_the_effective_number_lies_between_one_and_the_number_of_kinds(counts: list[int]) -> None:
    value = effective_number(np.array([counts], np.float64))[0]
    present = sum(one > 0 for one in counts)
    assert value == 0.0 if not present else 1.0 - 1e-9 <= value <= present + 1e-9


def test_the_order_of_rows_and_the_names_of_accounts_change_nothing(workspace: Workspace) -> None:
    rows = [*members(MATHS), *members(CODE), *crowd(TALK)]
    log(workspace, rows)
    first = [(aim.name, aim.share, aim.low, aim.p_value) for aim in aims(subject(workspace, GROUP))]
    log(workspace, list(reversed(rows)))
    assert first == [(aim.name, aim.share, aim.low, aim.p_value) for aim in aims(subject(workspace, GROUP))]
