"""Which engine a run gets, and what is said where it cannot have the one it names."""

from __future__ import annotations

from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from hydrometer.base.engines import opened
from hydrometer.base.errors import UsageError
from hydrometer.base.settings import Settings
from hydrometer.base.spark import refuse_unusable


def test_without_a_word_it_is_duckdb(tmp_path: Path) -> None:
    workspace = opened(tmp_path / "work", Settings(threads=1, epoch_hours=2))
    assert (workspace.engine, workspace.epoch_us) == ({"name": "duckdb", "threads": 1}, 7_200_000_000)
    workspace.close()


def test_a_master_without_spark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--master"):
        opened(tmp_path / "work", Settings(master="spark://localhost:7077"))
    assert not (tmp_path / "work").exists()


def test_spark_that_is_not_installed_is_refused_with_the_name_of_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(monkeypatch, "pandas", "sqlglot")
    with pytest.raises(UsageError, match=r"(?s)pyspark not installed.*hydrometer\[spark\]"):
        opened(tmp_path / "work", Settings(engine="spark"))
    assert not (tmp_path / "work").exists()


def test_no_java_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "pandas", "pyspark", "sqlglot")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="no Java"):
        refuse_unusable("local[1]")


def test_a_master_that_does_not_answer_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "pandas", "pyspark", "sqlglot")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").touch(mode=0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    refuse_unusable("local[1]")
    for master in ("spark://127.0.0.1:1", "spark://127.0.0.1"):
        with pytest.raises(UsageError, match="nobody answers"):
            refuse_unusable(master)


def installed(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let exactly these modules seem to be installed, whatever is."""
    monkeypatch.setattr(
        "hydrometer.base.spark.find_spec", lambda name: ModuleSpec(name, None) if name in names else None
    )
