"""`hydrometer init` and `hydrometer check`: write a configuration, and say whether all is well.

`check` alone shows what is in force and where each value comes from; given a run it judges it against the contract,
given a calibration it says whether it is sound and what it is enough for, and given a mapping pack it runs the laws of
packs. Source: the contract, section 4.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hydrometer.base.errors import RunError, UsageError
from hydrometer.commands import pack_laws
from hydrometer.commands.invocation import JsonOption, in_force, print_json, print_result

CALIBRATION = "calibration.json"
"""The file by which a calibration is known."""
BREACH_EXIT_CODE = 2
"""Exit code of `check` when what it looked at is not in order."""


def init(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="File or folder to write to.")] = Path("hydrometer.toml"),
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Write a commented hydrometer.toml."""
    from hydrometer.base import settings

    file = path / settings.FILE_NAME if path.is_dir() else path
    if file.exists() and not force:
        raise RunError(str(file), "a file", "a path that is free", "choose another path, or replace it with --force")
    try:
        file.write_text(settings.template(), encoding="utf-8")
    except OSError as problem:
        raise UsageError(
            str(file), problem.strerror or "an error", "a path that can be written", "choose another"
        ) from problem
    print_result(f"wrote {file}; `hydrometer check` shows what is in force")


def check(
    context: typer.Context,
    subject: Annotated[
        Path | None, typer.Argument(metavar="[RUN|PACK]", exists=True, help="A run or calibration folder, or a pack.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Check a run, a calibration, a mapping pack or the configuration.

    A run is held against the contract, a pack against the laws of packs; of a calibration it is said whether scan can
    use it and what it is enough for. Without an argument the settings in force are printed with where each comes from.
    """
    if subject is None:
        _check_configuration(context, as_json=as_json)
        return
    if subject.is_dir() and (subject / CALIBRATION).exists():
        _check_calibration(subject, as_json=as_json)
        return
    breaches = _run_breaches(subject) if subject.is_dir() else pack_laws.breaches(subject)
    if as_json:
        print_json({"subject": str(subject), "breaches": breaches})
    else:
        print_result("\n".join([*breaches, f"{len(breaches)} breaches in {subject}"]))
    if breaches:
        raise typer.Exit(BREACH_EXIT_CODE)


def _run_breaches(run: Path) -> list[str]:
    from hydrometer.base.contract import breaches

    return breaches(run)


def _check_calibration(folder: Path, *, as_json: bool) -> None:
    """Print what a calibration is enough for; one that scan would refuse is an error here as well."""
    from hydrometer.commands.calibrate import lines
    from hydrometer.prove.own_library import load

    facts = dict(load(folder).facts)
    if as_json:
        print_json({"subject": str(folder), "breaches": [], "calibration": facts})
    else:
        print_result("\n".join([*lines(facts), f"0 breaches in {folder}"]))


def _check_configuration(context: typer.Context, *, as_json: bool) -> None:
    found = in_force(context)
    values = found.settings.described()
    if as_json:
        rows = {name: {"value": values[name], "origin": found.origins[name]} for name in found.origins}
        print_json({"settings": rows, "warnings": list(found.warnings)})
        return
    width = max(map(len, values))
    lines = [f"{name:<{width}}  {values[name]!s:<12}  {found.origins[name]}" for name in found.origins]
    print_result("\n".join(lines + [f"warning: {warning}" for warning in found.warnings]))
