"""Blanks what people wrote out of records that must lie on disk until they are joined, in a content-free scan.

Where a source keeps one exchange in two logs, its records are laid aside until both are read. How many turns and tool
results a request has is metadata, and is read off the same messages as their words; so the messages keep their shape
(roles, kinds of parts, how many) and lose every word. What is kept is named here; other keys and words are dropped.
Source: the message formats that `words.py` reads.
"""

from __future__ import annotations

from typing import Any

import duckdb
import orjson

STAND_IN = "-"
"""Stands for any text, so that a text that is there stays one."""
KEYS = frozenset(
    "role type message content contents parts text message_content function tool json_schema name attributes body "
    "tool_call tool_calls prompt completion".split()
)
"""Keys of messages, parts and tools that tell their shape."""
PREFIX = "gen_ai."
"""Keys and names of events that begin so belong to the conventions, too."""
SAID = {
    "role": frozenset("system developer user assistant tool function model".split()),
    "type": frozenset(
        "message text input_text output_text image image_url input_image audio input_audio video video_url input_video "
        "function tool tool_use tool_call tool_result tool_call_response function_call function_call_output".split()
    ),
}
"""Words that say what a message or a part is, by their key; no other word is kept."""
DEEPEST = 64


def blanked(text: str) -> str:
    """A text without its words: JSON keeps its shape, everything else becomes the stand-in.

    >>> blanked('[{"role": "user", "content": "a secret"}]'), blanked("a secret")
    ('[{"role":"user","content":"-"}]', '-')
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return STAND_IN
    if not isinstance(value, list | dict):
        return STAND_IN
    return orjson.dumps(_shape(value, "", DEEPEST)).decode()


def _shape(value: Any, key: str, levels: int) -> Any:
    """The shape of a JSON value that stands under a key; deeper than so many levels there is nothing."""
    if levels == 0:
        return None
    if isinstance(value, dict):
        kept = {name: inner for name, inner in value.items() if name in KEYS or name.startswith(PREFIX)}
        return {name: _shape(inner, name, levels - 1) for name, inner in kept.items()}
    if isinstance(value, list):
        return [_shape(inner, key, levels - 1) for inner in value]
    return _word(value, key) if isinstance(value, str) else None


def _word(text: str, key: str) -> str:
    """A word that says what a message is, an event's name, nested JSON without its words, or the stand-in."""
    if not text or text in SAID.get(key, ()) or (key == "name" and text in EVENTS):
        return text
    return blanked(text) if text[:1] in ("[", "{") else STAND_IN


EVENTS = frozenset(
    PREFIX + name
    for name in "system.message user.message assistant.message tool.message choice content.prompt content.completion "
    "client.inference.operation.details".split()
)
"""Names of events that hold messages."""


def teach_blanking(connection: duckdb.DuckDBPyConnection) -> None:
    """Define `blanked` on a connection, for as long as it lives; null stays null."""
    connection.create_function("blanked", blanked, ["VARCHAR"], "VARCHAR")
