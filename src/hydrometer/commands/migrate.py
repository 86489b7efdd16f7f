"""`hydrometer migrate`: the state of a run from before, in the form that this version builds on.

Source: the contract, section 4.
"""

from __future__ import annotations

import typer

from hydrometer.commands.invocation import (
    JsonOption,
    RunArgument,
    existing_run,
    in_force,
    print_json,
    print_result,
)


def migrate(context: typer.Context, run: RunArgument, *, as_json: JsonOption = False) -> None:
    """Bring a run's state to the form that `scan --since` builds on.

    The state as it was stays beside the new one. What it cannot tell is said, here and by every run on top of it.
    """
    from hydrometer import migration

    told = migration.migrate(existing_run(run), in_force(context).settings)
    if as_json:
        print_json(told)
        return
    if told["backup"] is None:
        print_result(f"nothing to do: the state has schema_version {told['to']}")
        return
    lines = [f"schema_version {told['from']} → {told['to']}; the state as it was is in {told['backup']}"]
    print_result("\n".join([*lines, *(f"not known from it: {one}" for one in told["lost"])]))
