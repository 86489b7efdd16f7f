"""Finds the plug-ins of a room: the folder is the registry.

A plug-in is one file of a room's folder that ends in one constant (`SIGNAL`, `WORLD`, …) whose `name` equals the file's
stem. Names that begin with an underscore are skipped; installed packages add theirs through the entry-point group
`hydrometer.<room>`. Nothing is skipped silently: a file that breaks, or whose constant is missing or misnamed, is one
clear error with its remedy.
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from hydrometer.base.errors import PluginError


def discover(package: ModuleType, constant: str) -> dict[str, Any]:
    """All plug-ins of `package`, by name, in alphabetical order.

    Args:
        package: the room (or a folder of it) to scan.
        constant: name of the constant that such a file ends with, e.g. `SIGNAL`.

    Raises:
        PluginError: a file cannot be imported, or lacks the constant, or misnames it, or two plug-ins share a name.
    """
    found: dict[str, Any] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if info.name.startswith("_") or info.ispkg:
            continue
        where = f"{package.__name__}.{info.name}"
        plugin = _load(where, constant)
        if plugin.name != info.name:
            raise PluginError(
                where, f"{constant}.name is {plugin.name!r}", f"{info.name!r}, the file's stem", "rename one of them"
            )
        found[plugin.name] = plugin
    room = package.__name__.removeprefix("hydrometer.").split(".")[0]
    for entry in entry_points(group=f"hydrometer.{room}"):
        plugin = _load(entry.module, constant)
        if plugin.name in found:
            raise PluginError(
                entry.value,
                f"a second plug-in called {plugin.name!r}",
                "one plug-in a name",
                "rename the pack's plug-in",
            )
        found[plugin.name] = plugin
    return dict(sorted(found.items()))


def _load(where: str, constant: str) -> Any:
    """The constant of one module, or a PluginError that says what is wrong with the file."""
    try:
        module = importlib.import_module(where)
    except Exception as problem:
        raise PluginError(
            where,
            f"{type(problem).__name__}: {problem}",
            "a module that imports",
            "mend the file, or prefix its name with an underscore",
        ) from problem
    if not hasattr(module, constant):
        raise PluginError(
            where,
            f"no constant {constant}",
            f"a file that ends with {constant} = …",
            "add it, or prefix the file's name with an underscore",
        )
    return getattr(module, constant)
