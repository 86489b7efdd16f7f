"""`hydrometer explain` and `hydrometer map`: why a verdict, and how a log is read.

Both answer "where does this come from": a verdict from its evidence, a column from a source's mapping pack.
Source: the contract, section 4; the architecture's tour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hydrometer.base.safe_text import printable
from hydrometer.commands.invocation import (
    JsonOption,
    RunArgument,
    existing_run,
    print_json,
    print_result,
)

if TYPE_CHECKING:
    from hydrometer.collect.map_check import Explanation

NAME_WIDTH = 24
"""Characters for the name of a detector or column in a list."""
BROKEN_EXIT_CODE = 2
"""Exit code of `map test` when a pack does not do what its samples say."""


def explain(
    run: RunArgument,
    identity: Annotated[str, typer.Argument(metavar="ID", help="A campaign, an account or an exchange.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Say why, and what would refute it.

    Shows the way from the log to the verdict for a campaign, an account or an exchange.
    """
    from hydrometer.share import explain as explaining

    explanation = explaining.explain(existing_run(run), identity)
    if as_json:
        print_json(explanation.to_json())
    else:
        print_result(explanation.render())


def map_test(
    pack: Annotated[
        str | None, typer.Argument(metavar="PACK", help="Name or YAML file of a pack; all packs by default.")
    ] = None,
    sample: Annotated[
        list[str] | None, typer.Argument(metavar="SAMPLE", help="Log files that the pack must be able to read.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Run the samples of mapping packs.

    With SAMPLE, reads those files with the pack as well: a row that is rejected for another reason than one that the
    pack names is a problem, and so is a file without an exchange.
    """
    from hydrometer.collect import map_check
    from hydrometer.collect.mapping_pack import find_pack, shipped_packs
    from hydrometer.collect.options import CollectOptions

    results = [map_check.test_pack(name) for name in ([pack] if pack else shipped_packs())]
    rows = [{"pack": one.pack, "samples": one.samples, "problems": list(one.problems)} for one in results]
    lines = [f"{one.pack}: {one.samples} samples, {len(one.problems)} problems" for one in results]
    lines += [f"{one.pack}: {printable(problem)}" for one in results for problem in one.problems]
    problems = [problem for one in results for problem in one.problems]
    if pack is not None and sample:
        found = map_check.explain(sample, CollectOptions(format=pack))
        of_files = map_check.file_problems(find_pack(pack), found)
        problems += of_files
        rows[0]["files"] = _mapping_json(found, sql=False) | {"problems": list(of_files)}
        lines += ["", *_mapping_lines(found, sql=False), "", *(f"problem: {printable(one)}" for one in of_files)]
    if as_json:
        print_json(rows)
    else:
        print_result("\n".join(lines))
    if problems:
        raise typer.Exit(BROKEN_EXIT_CODE)


def map_explain(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT", help="Log files, globs, folders, s3:// addresses, or - for stdin.")
    ],
    *,
    format_: Annotated[
        str | None, typer.Option("--format", metavar="PACK", help="Name or YAML file; found out by itself otherwise.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="Zone of times that name none.")
    ] = None,
    sql: Annotated[bool, typer.Option("--sql", help="Show the SELECT that each pack compiles to.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show how a log would be read.

    Prints the pack of each file, rows kept and rejected with the reasons, the share of nulls of each canonical column,
    and the detectors that abstain because their columns are not there.
    """
    from hydrometer.collect import map_check
    from hydrometer.collect.options import CollectOptions

    found = map_check.explain(inputs, CollectOptions(format=format_, timezone=timezone))
    if as_json:
        print_json(_mapping_json(found, sql=sql))
    else:
        print_result("\n".join(_mapping_lines(found, sql=sql)))


def _abstaining(found: Explanation) -> dict[str, str]:
    """Detectors that cannot look at what was found, and why."""
    from hydrometer.abstentions import abstentions

    return abstentions(found.columns_absent, found.account_columns_absent)


def _mapping_json(found: Explanation, *, sql: bool) -> dict[str, Any]:
    counts = ("rows_read", "rows_kept", "rows_rejected", "rows_duplicate")
    return {
        "inputs": [
            {"name": one.name, "pack": one.pack} | {name: getattr(one, name) for name in counts} for one in found.inputs
        ],
        "exchanges": found.exchanges,
        "null_rates": dict(found.null_rates),
        "detectors_abstaining": _abstaining(found),
        "reject_reasons": dict(found.reasons),
        "columns_ignored": [list(pair) for pair in found.columns_ignored],
    } | ({"sql": dict(found.sql)} if sql else {})


def _mapping_lines(found: Explanation, *, sql: bool) -> list[str]:
    """The same for a person; names of files and columns come from outside and are made harmless."""
    lines = [
        f"{printable(one.name)}: {one.pack or 'no pack'}, {one.rows_read:,} rows read = {one.rows_kept:,} kept"
        f" + {one.rows_rejected:,} rejected + {one.rows_duplicate:,} duplicate"
        for one in found.inputs
    ]
    lines += ["", f"{found.exchanges:,} exchanges; share of nulls per column:"]
    lines += [f"  {column:<{NAME_WIDTH}} {rate:>7.1%}" for column, rate in found.null_rates.items()]
    if found.reasons:
        lines += ["", "rejected because the row", *(f"  {printable(why)}: {n:,}" for why, n in found.reasons.items())]
    if found.columns_ignored:
        names = ", ".join(sorted({printable(column) for _, column in found.columns_ignored}))
        lines += ["", f"columns that are not canonical and not read: {names}"]
    abstained = [f"  {name:<{NAME_WIDTH}} {why}" for name, why in _abstaining(found).items()]
    lines += ["", *(["detectors that abstain:", *abstained] if abstained else ["no detector abstains"])]
    if sql:
        lines += [part for pack, select in found.sql.items() for part in ("", f"-- {pack}", select)]
    return lines
