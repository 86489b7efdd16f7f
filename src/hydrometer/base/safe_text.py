"""Makes a string from a log harmless to look at: on a terminal, in a page, in a file that a person opens.

Logs are written by those who are looked for. A string of theirs may hold terminal escapes that rewrite the screen,
characters that reverse the order of what follows, or ones that cannot be seen; none of them survives `printable`. It
does not escape markup: the page's template and the terminal's text objects do that for every string.
Source: ECMA-48 (control functions), Unicode standard annex 9 (bidirectional formatting characters).
"""

from __future__ import annotations

import re

LONGEST_SHOWN = 400
"""Characters of one string that are shown at most, its mark of truncation included."""
_LOOKED_AT = 16
"""Times the limit that is looked at of a longer string: what is cut away anyway costs nothing."""

_STRING_CONTROL = r"(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"
_SEQUENCE = r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
_SHORT_ESCAPE = r"\x1b[ -/]*[0-Z\\^-~]"
_ESCAPES = re.compile(f"{_STRING_CONTROL}|{_SEQUENCE}|{_SHORT_ESCAPE}")
_BREAKS = re.compile("[\t\n\x0b\x0c\r\x85\u2028\u2029]+")
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # soft hyphen, fillers, Arabic letter mark
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # zero width, bidi overrides and isolates
    "\U000e0000-\U000e0fff]"  # tags
)
_BROKEN = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def printable(text: str, limit: int = LONGEST_SHOWN) -> str:
    """`text` on one line, without controls, terminal escapes or bidi overrides, at most `limit` characters long.

    Lone surrogates and noncharacters become U+FFFD; a longer text is cut and says how long it was.

    >>> printable("a\\x1b[31mred\\x1b[0m\\u202e b")
    'ared b'
    >>> printable("x" * 1000, limit=30)
    'xxxxxxxxxx … (1000 characters)'
    """
    seen = _ESCAPES.sub("", text[: limit * _LOOKED_AT])
    seen = _UNSEEN.sub("", _BREAKS.sub(" ", seen))
    seen = _BROKEN.sub("\ufffd", seen)
    if len(seen) <= limit and len(text) <= limit * _LOOKED_AT:
        return seen
    mark = f" … ({len(text)} characters)"
    return seen[: limit - len(mark)] + mark if len(mark) < limit else seen[:limit]
