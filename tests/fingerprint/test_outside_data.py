"""The intent lexicon on real prompts: ordinary chats are not flagged, published grading prompts are."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from hydrometer.base.laws import wilson
from hydrometer.fingerprint.lexicon import lexicon, satisfied
from hydrometer.fingerprint.text import read

BENIGN_MAX, GRADING_MIN = 0.02, 0.9


def flagged(file: Path, source: str) -> tuple[int, int]:
    """(prompts that show a technique, prompts) of one source."""
    if not file.is_file():
        pytest.skip(f"needs outside data: {file} is no file")
    rows = pq.read_table(file, columns=["source", "prompt"])
    prompts: pa.ChunkedArray = rows.filter(pc.equal(rows["source"], source))["prompt"]
    masks = satisfied(read(prompts)[:, 0], lexicon().techniques)
    return int((masks != 0).sum()), len(masks)


def test_ordinary_chats_are_not_flagged(data_folder: Path) -> None:
    hits, total = flagged(data_folder / "dev_prompts_benign.parquet", "lm-sys/FastChat:arena")
    assert total > 500
    assert hits <= BENIGN_MAX * total, f"{hits} of {total}, interval {wilson(hits, total)}"


def test_grading_prompts_are_flagged(data_folder: Path) -> None:
    hits, total = flagged(data_folder / "dev_prompts_distil.parquet", "prometheus-eval/prometheus-eval:mt_bench_eval")
    assert total > 100
    assert hits >= GRADING_MIN * total, f"{hits} of {total}, interval {wilson(hits, total)}"
