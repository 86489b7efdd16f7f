"""Every text that a dossier's files hold, however they hold it: for tests of what must not be in any of them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pypdf import PdfReader


def without_spaces(text: str) -> str:
    return re.sub(r"\s+", "", text)


def values(value: Any) -> Iterator[str]:
    """Every string and number in a value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from values(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from values(inner)
    elif value is not None:
        yield str(value)


def texts(folder: Path) -> dict[str, str]:
    """file → all that it says, without spaces, since a print breaks lines where it likes."""
    found = {}
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        raw = path.read_bytes()
        said = raw.decode("utf-8", "replace")
        if path.suffix == ".parquet":
            said += "\n".join(values(pq.read_table(path).to_pylist()))
        elif path.suffix == ".json":
            said += "\n".join(values(json.loads(raw)))
        elif path.suffix == ".html":
            said += html.unescape(said)
        elif path.suffix == ".pdf":
            reader = PdfReader(path)
            said = "\n".join(page.extract_text() for page in reader.pages) + str(reader.metadata)
        found[str(path.relative_to(folder))] = without_spaces(said)
    return found


KEY = 8
"""Letters by which a secret is looked for before it is compared whole."""


def leaks(folder: Path, secrets: Iterable[str]) -> list[tuple[str, str]]:
    """(file, secret) of every secret that some file of the dossier says."""
    wanted = {without_spaces(one) for one in secrets} - {""}
    by_key: dict[str, list[str]] = {}
    for one in wanted:
        if len(one) >= KEY:
            by_key.setdefault(one[:KEY], []).append(one)
    found = set()
    for name, said in texts(folder).items():
        found |= {(name, one) for one in wanted if len(one) < KEY and one in said}
        for place in range(len(said) - KEY + 1):
            for one in by_key.get(said[place : place + KEY], ()):
                if said.startswith(one, place):
                    found.add((name, one))
    return sorted(found)
