"""A maker of workspaces for the tests of fingerprint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fingerprint import made


@pytest.fixture
def workspace_of(tmp_path: Path) -> Iterator[made.Made]:
    """Exchanges → a workspace that holds them."""
    yield from made.workspaces(tmp_path)
