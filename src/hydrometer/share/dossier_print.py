"""Makes `dossier.pdf` with Typst, where the extra `hydrometer[pdf]` is installed; the same bytes on any machine.

A function of `dossier.json`. All that is said goes to Typst as data and never as markup; no date, no font of the
machine and no file of it is read. The fonts that Typst brings know Latin, Greek and Cyrillic letters: any other
character is written as its code point, so that a name in another script is still said, and the page shows it as it is.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from hydrometer.base.errors import BugError
from hydrometer.share.dossier_document import canonical
from hydrometer.share.dossier_drawings import drawings
from hydrometer.share.dossier_view import PRINT_LIMITS, view

SOURCE = "dossier.typ"
HOW_TO_GET_IT = "install hydrometer[pdf] (the package typst) and make the dossier again with --force"
_LACKING = re.compile(
    "[^\n\u0020-\u007e\u00a0-\u024f\u0370-\u03ff\u0400-\u045f\u2009\u2010-\u2027\u202f\u2030-\u205e\u2190-\u2193\u2200-\u22ff"
    "\u25a0-\u25d0\u25e6\u27e8\u27e9\u20ac\u2264\u2265\u25cc\u2713\u25c7\ufffd]"
)


def version() -> str | None:
    """Version of Typst's package; None where it is not installed."""
    try:
        import typst  # noqa: F401 - only whether it is there

        return metadata.version("typst")
    except (ImportError, metadata.PackageNotFoundError):
        return None


def printed(content: Mapping[str, Any]) -> bytes:
    """The print.

    Args:
        content: of `dossier.json`.

    Raises:
        BugError: Typst could not set it.
    """
    import typst

    seen = view(content, PRINT_LIMITS)
    data = {
        "head": seen.head,
        "sections": seen.sections,
        "drawings": drawings(content),
        "content_sha256": hashlib.sha256(canonical(content)).hexdigest(),
    }
    text = json.dumps(known(data), sort_keys=True)
    source = Path(__file__).with_name(SOURCE).read_bytes()
    compiler = typst.Compiler(source, ignore_system_fonts=True, sys_inputs={"dossier": text})
    try:
        made = compiler.compile(format="pdf", timestamp=0)
    except typst.TypstError as problem:
        raise BugError(
            "dossier.pdf", str(problem)[:200], "a document that Typst can set", "report this as a bug"
        ) from problem
    if not isinstance(made, bytes):
        raise BugError("dossier.pdf", type(made).__name__, "one PDF", "report this as a bug")
    return made


def known(value: Any) -> Any:
    """A JSON value in which characters that the fonts lack are written as code points.

    >>> known({"a": ["tide 潮"]})
    {'a': ['tide ⟨U+6F6E⟩']}
    """
    if isinstance(value, dict):
        return {name: known(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [known(inner) for inner in value]
    if isinstance(value, str):
        return _LACKING.sub(lambda found: f"⟨U+{ord(found.group()):04X}⟩", value)
    return value
