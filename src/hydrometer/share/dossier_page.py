"""Makes `dossier.html`: one file, offline, no script; a content security policy allows its own style sheet alone.

A function of `dossier.json`. Every value is stripped and escaped: names, prompts and user agents are written by those
who are looked for.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hydrometer.share.dossier_document import canonical
from hydrometer.share.dossier_drawings import drawings, markup
from hydrometer.share.dossier_view import PAGE_LIMITS, view
from hydrometer.share.report_html import shown

PAGE, STYLE = "dossier.html.j2", "dossier.css"


def page(content: Mapping[str, Any]) -> bytes:
    """The page.

    Args:
        content: of `dossier.json`.
    """
    seen = view(content, PAGE_LIMITS)
    style = Path(__file__).with_name(STYLE).read_text(encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template(PAGE).render(
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        head=seen.head,
        sections=seen.sections,
        drawings={name: markup(svg) for name, svg in drawings(content).items()},
        content_sha256=hashlib.sha256(canonical(content)).hexdigest(),
    )
    return text.encode("utf-8")
