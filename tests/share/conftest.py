"""The invented run as fixtures, and the comparison with golden texts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.share.invented_run import MANIFEST, everything, store

GOLDEN = Path(__file__).with_name("golden")


@pytest.fixture
def manifest() -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(MANIFEST))
    return copied


@pytest.fixture
def run(tmp_path: Path, manifest: dict[str, Any]) -> Path:
    """A run folder with all tables, without reports."""
    return store(tmp_path / "run", everything(), manifest)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the file of that name, or write it anew with --write-outputs."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--write-outputs"):
            GOLDEN.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare
