"""Where the outside data lie: the folder named by HYDROMETER_DATA, else `shared/data` beside the checkout."""

from __future__ import annotations

import os
import sys
from pathlib import Path

BESIDE = Path(__file__).parents[2].parent / "shared" / "data"


def folder(files: tuple[str, ...]) -> Path:
    """The folder that holds `files`; ends the program with one line where one is missing."""
    chosen = Path(os.environ.get("HYDROMETER_DATA", BESIDE))
    missing = [name for name in files if not (chosen / name).is_file()]
    if missing:
        sys.exit(f"skipped: no {', '.join(missing)} in {chosen}; set HYDROMETER_DATA to the folder of outside data")
    return chosen
