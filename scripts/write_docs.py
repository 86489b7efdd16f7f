"""Writes the pages that the program itself knows best: `docs/cli.md` and `docs/plug-ins.md`.

Usage: write_docs.py FOLDER. A test compares the files with what this makes, so page and program cannot disagree.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from hydrometer.base.plugins import discover

WIDTH = 100
CLI_OPENING = """# Command line

Every command with its options. Written by `make docs` from the program's own help; do not edit by hand.
Progress goes to stderr, results to stdout; exit codes are in the [README](../README.md).
"""
PLUGIN_OPENING = """# Plug-ins

Every plug-in that comes with hydrometer and what it does in one sentence. Written by `make docs` from the files
themselves; do not edit by hand. How to add one: [CONTRIBUTING](../CONTRIBUTING.md).
"""
ROOMS = (
    ("Signals", "hydrometer.fingerprint.signals", "SIGNAL"),
    ("Tests", "hydrometer.prove.tests", "TEST"),
    ("Worlds", "hydrometer.simulate.worlds", "WORLD"),
    ("Archetypes (benign)", "hydrometer.simulate.archetypes", "ARCHETYPE"),
    ("Campaigns", "hydrometer.simulate.campaigns", "CAMPAIGN"),
    ("Evasions", "hydrometer.simulate.evasions", "EVASION"),
    ("Baselines", "hydrometer.simulate.baselines", "BASELINE"),
)
PACKS = Path(__file__).parent.parent / "src/hydrometer/collect/packs"


def help_of(words: list[str]) -> str:
    """Help text of the command that `words` name, at a fixed width and without colour."""
    environment = os.environ | {"COLUMNS": str(WIDTH), "TERMINAL_WIDTH": str(WIDTH), "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run(
        [sys.executable, "-m", "hydrometer.cli", *words, "--help"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def commands() -> Iterator[list[str]]:
    """Words of every command, in the order of the help; a group is followed by its own commands."""
    from hydrometer.cli import app

    for command in app.registered_commands:
        yield [name_of(command.name, command.callback)]
    for group in app.registered_groups:
        yield [str(group.name)]
        inner = group.typer_instance
        for command in inner.registered_commands if inner else ():
            yield [str(group.name), name_of(command.name, command.callback)]


def name_of(name: str | None, callback: object) -> str:
    """Name of a command: its own, or that of its function."""
    return name or str(getattr(callback, "__name__", "")).replace("_", "-")


def cli_page() -> str:
    """The page of commands."""
    parts = [CLI_OPENING, f"## hydrometer\n\n```text\n{help_of([])}\n```\n"]
    parts += [f"## hydrometer {' '.join(words)}\n\n```text\n{help_of(words)}\n```\n" for words in commands()]
    return "\n".join(parts)


def plugin_page() -> str:
    """The page of plug-ins; a room without any is left out."""
    parts = [PLUGIN_OPENING]
    for title, package, constant in ROOMS:
        found = importlib.util.find_spec(package)
        names = discover(importlib.import_module(package), constant) if found else {}
        if names:
            listed = "".join(f"* `{name}`: {sentence(f'{package}.{name}')}\n" for name in names)
            parts.append(f"## {title}\n\n{listed}")
    packs = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(PACKS.glob("*.yaml"))}
    listed = "".join(f"* `{name}`: {ended(str(pack['description']))}\n" for name, pack in packs.items())
    parts.append(f"## Sources\n\n{listed}")
    return "\n".join(parts)


def sentence(module: str) -> str:
    """The first sentence of a module's opening."""
    opening = importlib.import_module(module).__doc__ or ""
    first = " ".join(opening.split("\n\n", maxsplit=1)[0].split())
    return ended(first.split(". ")[0])


def ended(text: str) -> str:
    """`text` on one line with a mark at its end."""
    line = " ".join(text.split())
    return line if line.endswith((".", "?", "!")) else line + "."


PAGES = {"cli.md": cli_page, "plug-ins.md": plugin_page}

if __name__ == "__main__":
    for file_name, page in PAGES.items():
        (Path(sys.argv[1]) / file_name).write_text(page(), encoding="utf-8")
