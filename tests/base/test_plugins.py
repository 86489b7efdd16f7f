"""The folder is the registry, and nothing in it is skipped silently."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from hydrometer.base import plugins
from hydrometer.base.errors import PluginError

PLUGIN = "from types import SimpleNamespace\nSIGNAL = SimpleNamespace(name={name!r})\n"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[ModuleType]:
    """A package to put plug-ins into."""
    folder = tmp_path / "planted_room"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    spec = importlib.util.spec_from_file_location(
        "planted_room", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["planted_room"] = package
    spec.loader.exec_module(package)
    yield package
    for name in [name for name in sys.modules if name.split(".")[0] == "planted_room"]:
        del sys.modules[name]


def plant(room: ModuleType, stem: str, text: str) -> None:
    (Path(room.__path__[0]) / f"{stem}.py").write_text(text)


def test_files_are_found_by_name_in_alphabetical_order(room: ModuleType) -> None:
    for name in ("wording", "address", "_draft"):
        plant(room, name, PLUGIN.format(name=name))
    assert list(plugins.discover(room, "SIGNAL")) == ["address", "wording"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import a_package_that_is_not_there", "ModuleNotFoundError"),
        ("SIGNAL = (", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("OTHER = 1", "no constant SIGNAL"),
        (PLUGIN.format(name="somebody"), "name is 'somebody'"),
    ],
)
def test_a_broken_file_is_one_clear_error(room: ModuleType, text: str, found: str) -> None:
    plant(room, "broken", text)
    with pytest.raises(PluginError) as caught:
        plugins.discover(room, "SIGNAL")
    assert caught.value.where == "planted_room.broken"
    assert found in caught.value.found
    assert caught.value.remedy


def test_an_installed_package_adds_a_plug_in(room: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "planted_pack.py").write_text(PLUGIN.format(name="planted_pack"))
    monkeypatch.syspath_prepend(str(tmp_path))
    asked: list[str] = []

    def entries(group: str) -> list[EntryPoint]:
        asked.append(group)
        return [EntryPoint("planted_pack", "planted_pack", group)]

    monkeypatch.setattr(plugins, "entry_points", entries)
    assert list(plugins.discover(room, "SIGNAL")) == ["planted_pack"]
    assert asked == ["hydrometer.planted_room"]


def test_two_plug_ins_of_one_name_are_an_error(room: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(room, "twin", PLUGIN.format(name="twin"))
    entry = EntryPoint("twin", "planted_room.twin", "hydrometer.planted_room")
    monkeypatch.setattr(plugins, "entry_points", lambda group: [entry])
    with pytest.raises(PluginError, match="second plug-in called 'twin'"):
        plugins.discover(room, "SIGNAL")
