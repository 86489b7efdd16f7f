"""A dossier of twenty thousand accounts is written in half a minute, at each level."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from tests.share.large_run import CAMPAIGN, CLAUSES, large_run

from hydrometer.share.dossier import Options, issue
from hydrometer.share.dossier_redaction import Level

ACCOUNTS, EACH = 20_000, 12
SECONDS = 30.0
"""Bound of the issue; processor time, since a test machine may be busy with other things."""
LARGEST_PAGE_BYTES = 4_000_000


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return large_run(tmp_path_factory.mktemp("large") / "run", ACCOUNTS, EACH)


@pytest.mark.parametrize("level", [Level.INTERNAL, Level.PARTNER])
def test_twenty_thousand_accounts_in_half_a_minute(run: Path, tmp_path: Path, level: Level) -> None:
    began = time.process_time()
    made = issue(run, CAMPAIGN, Options(out=tmp_path / "dossier", level=level))
    seconds = time.process_time() - began
    assert seconds <= SECONDS, seconds
    said = json.loads((made.folder / "dossier.json").read_bytes())
    assert len(said["tables"]["members"]) == ACCOUNTS
    assert sum(one["accounts"] for one in said["tables"]["fact_counts"]) == CLAUSES * ACCOUNTS
    assert (made.folder / "dossier.html").stat().st_size <= LARGEST_PAGE_BYTES
    assert all(one["agrees"] for one in said["tables"]["recount"]) and len(said["tables"]["recount"]) >= 8
