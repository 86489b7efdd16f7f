"""`hydrometer diff`: which verdicts changed from one run to another, and why.

Source: the contract, section 4.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hydrometer.commands.invocation import JsonOption, existing_run, print_json, print_result


def diff(
    old: Annotated[Path, typer.Argument(metavar="RUN_OLD", help="Folder of the earlier run.")],
    new: Annotated[Path, typer.Argument(metavar="RUN_NEW", help="Folder of the later run.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """List every verdict that changed, and why.

    Groups are matched by the accounts that they hold: new, gone, grown, shrunk, split or merged, with levels, roles and
    the evidence behind them. Also says what differs between the runs: version, settings, inputs, what abstained.
    """
    from hydrometer.share import diff as comparing
    from hydrometer.share import diff_lines

    told = comparing.diff(existing_run(old), existing_run(new))
    if as_json:
        print_json(told)
    else:
        print_result(diff_lines.render(told, str(old), str(new)))
