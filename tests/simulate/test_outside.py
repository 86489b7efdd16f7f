"""Real prompts stand in for made ones of their kind and language, in first turns only, by item."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hydrometer.base.errors import UsageError
from hydrometer.simulate import outside, speech
from hydrometer.simulate.world import Columns

DISTIL, BENIGN = outside.FILES


def write(folder: Path, name: str, rows: list[tuple[str, str, str]]) -> None:
    prompt, kind, language = zip(*rows, strict=True)
    pq.write_table(pa.table({"prompt": prompt, "kind": kind, "language": language}), folder / name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(
        tmp_path,
        DISTIL,
        [(f"invented sum {k}", "cot", "en") for k in range(9)]
        + [("invented sum 1", "cot", "en"), ("выдуманная сумма", "cot", "ru"), ("x" * 9_000, "cot", "en")]
        + [("invented mark", "rubric", "en"), ("", "code", "en"), ("of a kind that nobody knows", "other", "en")],
    )
    write(tmp_path, BENIGN, [("invented question", "benign_chat", "en"), ("invented insult", "benign_taunt", "en")])
    return tmp_path


def batch(size: int, kind: str, language: int = 0, turn: int = 1) -> Columns:
    draw = np.random.Generator(np.random.Philox(key=5))
    return {
        "kind": np.full(size, speech.CODE[kind]),
        "language": np.full(size, language),
        "item": draw.integers(0, 2**62, size),
        "turn": np.full(size, turn),
    }


def replaced(rows: Columns, prompts: outside.OutsidePrompts, share: float = outside.SHARE) -> list[str]:
    made = pa.array([f"made {k}" for k in range(len(rows["kind"]))])
    return [str(text) for text in outside.replace(made, speech.KINDS, rows, prompts, share).to_pylist()]


def test_pools_hold_distinct_prompts_by_kind_and_language(folder: Path) -> None:
    pools = outside.load(folder).pools
    assert pools["harvest", "en"].to_pylist() == [f"invented sum {k}" for k in range(9)]
    assert pools["harvest", "ru"].to_pylist() == ["выдуманная сумма"]
    assert pools["explain", "en"].to_pylist() == ["invented question"]
    assert ("code_harvest", "en") not in pools


def test_every_mapped_kind_exists() -> None:
    ours = {kind for meaning in outside.FILES.values() for kinds in meaning.values() for kind in kinds}
    assert ours <= set(speech.KINDS)


def test_a_share_of_first_turns_is_real_and_follows_the_item(folder: Path) -> None:
    prompts, rows = outside.load(folder), batch(2_000, "harvest")
    rows["item"][1_000:] = rows["item"][:1_000]
    texts = replaced(rows, prompts, 0.3)
    real = np.array([text.startswith("invented sum") for text in texts])
    assert 0.25 < real.mean() < 0.35
    assert (real[:1_000] == real[1_000:]).all()
    assert all(one == other for one, other in zip(texts[:1_000], texts[1_000:], strict=True) if "invented" in one)
    assert all(texts[k] == f"made {k}" for k in np.flatnonzero(~real))


@pytest.mark.parametrize(
    ("kind", "language", "turn", "share"),
    [("harvest", 0, 2, 1.0), ("harvest", 1, 1, 1.0), ("pairwise", 0, 1, 1.0), ("harvest", 0, 1, 0.0)],
    ids=["later turn", "language without prompts", "kind without prompts", "no share"],
)
def test_all_else_stays_as_it_was(folder: Path, kind: str, language: int, turn: int, share: float) -> None:
    texts = replaced(batch(50, kind, language, turn), outside.load(folder), share)
    assert texts == [f"made {k}" for k in range(50)]


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / BENIGN).unlink()
    with pytest.raises(UsageError, match=BENIGN):
        outside.load(folder)


def test_a_missing_column_is_named(folder: Path) -> None:
    pq.write_table(pa.table({"prompt": ["a"], "kind": ["cot"]}), folder / DISTIL)
    with pytest.raises(UsageError, match="no column language"):
        outside.load(folder)


def test_numbers_are_no_prompts(folder: Path) -> None:
    pq.write_table(pa.table({"prompt": [1], "kind": ["cot"], "language": ["en"]}), folder / DISTIL)
    with pytest.raises(UsageError, match="holds no text"):
        outside.load(folder)


def test_a_file_that_is_no_parquet_is_named(folder: Path) -> None:
    (folder / DISTIL).write_text("prompt,kind\n")
    with pytest.raises(UsageError, match=DISTIL):
        outside.load(folder)


def test_a_folder_without_a_prompt_of_use_is_refused(tmp_path: Path) -> None:
    for name in (DISTIL, BENIGN):
        write(tmp_path, name, [("a", "other", "en")])
    with pytest.raises(UsageError, match="no prompt of use"):
        outside.load(tmp_path)


def test_real_folder_serves_techniques_and_people(data_folder: Path) -> None:
    prompts = outside.load(data_folder)
    for kind in ("harvest", "judge", "code_harvest", "agent_harvest", "ask", "eval_item"):
        texts = replaced(batch(400, kind), prompts, 1.0)
        assert not any(text.startswith("made ") for text in texts), kind
        assert len(set(texts)) > 100, kind
