"""The table of fingerprints: whole, in order, the same for every number of threads and every size of batch."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.fingerprint.made import KEY, Made, exchange, silent

from hydrometer.fingerprint import run
from hydrometer.fingerprint.entities import write_entities, write_units
from hydrometer.fingerprint.lexicon import lexicon
from hydrometer.fingerprint.states import write_states

ROWS = [
    exchange(
        n,
        account=f"a{n % 7}",
        hours=n / 3,
        prompt=f"please tell me a longer story about the number {n} and about {'xyz'[n % 3]}" if n % 5 else None,
        system_instructions="be brief" if n % 2 else None,
        client_ip=f"192.0.2.{n % 4}",
        user_agent="curl/8",
        cost_usd=0.001 * n,
    )
    for n in range(100)
]


def fingerprints(workspace_of: Made, threads: int, rows: list[dict[str, object]]) -> pa.Table:
    workspace = workspace_of(*rows, threads=threads)
    run.fingerprint(workspace, KEY, silent)
    return workspace.read("fingerprints")


def test_no_exchange_gives_an_empty_table_with_all_columns(workspace_of: Made) -> None:
    workspace = workspace_of()
    run.fingerprint(workspace, KEY, silent)
    found = workspace.read("fingerprints")
    assert len(found) == 0
    assert found.schema.equals(run.schema(run.signals()))
    write_units(workspace)
    write_entities(workspace, run.signals(), KEY, silent)
    write_states(workspace, tuple(lexicon().techniques))
    for name in ("units", "entities", "items", "unit_epochs", "places", "account_weeks"):
        assert workspace.read(name).num_rows == 0, name


@pytest.mark.parametrize(("threads", "batch"), [(1, 100), (2, 7), (3, 1), (2, 33)])
def test_threads_and_batches_do_not_matter(
    threads: int, batch: int, workspace_of: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = fingerprints(workspace_of, 1, ROWS)
    monkeypatch.setattr(run, "BATCH_ROWS", batch)
    found = fingerprints(workspace_of, threads, ROWS)
    assert found.equals(expected)
    assert found["exchange_id"].to_pylist() == [row["exchange_id"] for row in ROWS]


def test_progress_ends_at_the_total(workspace_of: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "BATCH_ROWS", 30)
    told: list[tuple[str, int, int | None]] = []
    run.fingerprint(workspace_of(*ROWS), KEY, lambda *step: told.append(step))
    assert told == [
        ("fingerprint", 30, 100),
        ("fingerprint", 60, 100),
        ("fingerprint", 90, 100),
        ("fingerprint", 100, 100),
    ]


def test_no_text_is_left(workspace_of: Made) -> None:
    workspace = workspace_of(*ROWS)
    run.fingerprint(workspace, KEY, silent)
    found = pq.read_table(workspace.path("fingerprints"))
    words = {word for column in found.columns for word in column.to_pylist() if isinstance(word, str)}
    assert not any("story" in word or "brief" in word or "192.0" in word for word in words)
    assert not (workspace.folder / "fingerprints.unfinished").exists()
