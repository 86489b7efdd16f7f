"""`hydrometer calibrate`: the provider's own traffic and decisions in, its own benign operators out.

Only options that change what is learned are offered: releases, enforcement and policy decide nothing here.
Source: the contract, section 4.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hydrometer.commands.invocation import JsonOption, in_force, print_json, print_result, shown_progress
from hydrometer.commands.scan import moment


def calibrate(
    context: typer.Context,
    traffic: Annotated[
        list[str], typer.Argument(metavar="TRAFFIC", help="Log files, globs, folders, s3:// addresses, or - for stdin.")
    ],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Folder to write the calibration to.")],
    labels: Annotated[
        Path | None, typer.Option("--labels", exists=True, dir_okay=False, help="Your own past cases, CSV.")
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="Source format; found out by itself otherwise.")
    ] = None,
    accounts: Annotated[
        Path | None, typer.Option("--accounts", exists=True, dir_okay=False, help="Table of accounts, Parquet or CSV.")
    ] = None,
    register: Annotated[
        Path | None, typer.Option("--register", exists=True, dir_okay=False, help="YAML of authorised uses.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="First moment to read, ISO 8601, UTC unless it says.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Moment to stop before, ISO 8601, UTC unless it says.")
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            "--timezone", metavar="ZONE", help="Zone of times that name none, such as Europe/Paris; else rejects."
        ),
    ] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="Threads of the engine.")] = None,
    memory: Annotated[
        str | None, typer.Option("--memory", metavar="SIZE", help="Memory limit of the engine, such as 4GB.")
    ] = None,
    as_json: JsonOption = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the calibration if it is there.")] = False,
    no_content: Annotated[
        bool, typer.Option("--no-content", help="Read no prompt: for scans with --no-content, and for no others.")
    ] = False,
) -> None:
    """Learn your own benign operators from your own traffic.

    Verified owners and cases that you cleared, of five accounts or more, become figures that scan --calibration
    compares groups with. No id and no text is kept.
    """
    settings = in_force(context, threads=threads, memory=memory).settings
    from hydrometer import calibration

    options = calibration.CalibrateOptions(
        format=format_,
        accounts=accounts,
        register=register,
        labels=labels,
        start=moment("--from", start),
        end=moment("--to", end),
        timezone=timezone,
        force=force,
        content=not no_content,
    )
    with shown_progress() as progress:
        facts = calibration.calibrate(traffic, out, settings, options, progress)
    if as_json:
        print_json(facts)
    else:
        print_result("\n".join([*lines(facts), f"use it: hydrometer scan INPUT --out RUN --calibration {out}"]))


def lines(facts: dict[str, Any]) -> list[str]:
    """What a calibration holds, for a person: operators, what was left out, and what it is enough for."""
    from hydrometer.prove.standing import OPERATORS_MIN

    own, left, labels = facts["operators"], facts["left_out"], facts["labels"]
    operators = [f"{number} {reason.replace('_', ' ')}" for reason, number in left["operators"].items()]
    single = [f"{number} {reason}" for reason, number in left["accounts"].items()]
    enough = own["past_gate"] >= OPERATORS_MIN
    return [
        f"own benign operators  {own['own']}: {own['verified_owner']} verified owners, "
        f"{own['cleared_case']} cleared cases",
        f"operators left out    {', '.join(operators)}",
        f"accounts labelled     {', '.join(single)}; {labels['accounts_unknown']} labelled but not in the traffic",
        f"past the gate of H2   {own['past_gate']} of {OPERATORS_MIN} needed: "
        + ("groups can be confirmed" if enough else "suspected stays the highest level"),
    ]
