"""What all tests share: outside data, golden texts, an engine, and an environment without a user's settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from hydrometer.base.settings import Settings

settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")
"""No test passes or fails by how busy the machine is."""

ROOT = Path(__file__).parent.parent
OUTSIDE_DATA = ROOT.parent / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--write-outputs` writes golden texts anew; the diff is what gets reviewed. `--engine` is one of a scan's."""
    parser.addoption("--write-outputs", action="store_true", default=False, help="write golden texts anew")
    parser.addoption("--engine", default="duckdb", help="run the tests of plug-ins that work on an engine on this one")
    parser.addoption("--master", default=None, help="Spark's master")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where an engine is named, leave out the tests that work on none, or on one of their own."""
    if config.getoption("--engine") == "duckdb":
        return
    on_engine = [item for item in items if "engine" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in on_engine])
    items[:] = on_engine


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Settings:
    """Settings with the engine that the tests shall work on."""
    named = {name: request.config.getoption(f"--{name}") for name in ("engine", "master")}
    return Settings(threads=2, **named)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder of outside data, from HYDROMETER_DATA or beside the checkout; the test is skipped where there is none."""
    folder = Path(os.environ.get("HYDROMETER_DATA", OUTSIDE_DATA))
    if not folder.is_dir():
        pytest.skip(f"needs outside data: {folder} is no folder (set HYDROMETER_DATA)")
    return folder


@pytest.fixture(scope="session")
def log_samples(data_folder: Path) -> Path:
    """Folder of real log samples, one folder a source; the test is skipped where there is none."""
    folder = data_folder / "log_samples"
    if not folder.is_dir():
        pytest.skip(f"needs outside data: {folder} is no folder")
    return folder


@pytest.fixture(scope="session")
def project_folder() -> Path:
    """Root of the checkout."""
    return ROOT


@pytest.fixture(autouse=True)
def _no_user_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("HYDROMETER_") and name != "HYDROMETER_DATA":
            monkeypatch.delenv(name)
