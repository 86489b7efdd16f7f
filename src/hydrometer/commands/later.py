"""Commands known by name and one line, whose modules are imported when they are called.

Typer looks at every option of every function that it is given, and importing the modules takes longer still; the help
of the program needs neither. Source: the contract, section 4 (`--help` answers at once).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand


class Later(TyperCommand):
    """Stands for a command until it is called."""

    place: ClassVar[str]

    def real(self) -> Any:
        """The command itself, with its options."""
        alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        alone.command(self.name)(function(self.place))
        return typer.main.get_command(alone)

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        return self.real().make_context(info_name, args, parent, **extra)


def function(place: str) -> Callable[..., None]:
    """The function that `module.function` among the commands names."""
    module, name = place.split(".")
    found: Callable[..., None] = getattr(import_module(f"hydrometer.commands.{module}"), name)
    return found


def register(under: typer.Typer, name: str, place: str, line: str) -> None:
    """Make a command known.

    Args:
        under: the program or a group of it.
        name: of the command.
        place: its function, as `module.function` among the commands.
        line: the first line of what it does, as its function says.
    """
    under.command(name, cls=type("Later", (Later,), {"place": place}), help=line)(_nothing)


def _nothing() -> None:
    """Has no option to look at, and is never called."""
