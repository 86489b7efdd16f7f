"""One demo world for all tests of the range; it is only read."""

from __future__ import annotations

from pathlib import Path

import pytest

from hydrometer.simulate.run import simulate


@pytest.fixture(scope="session")
def demo_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo world at its own size."""
    folder = tmp_path_factory.mktemp("range") / "demo"
    simulate("demo", folder, seed=1)
    return folder
