"""Puts real prompts of a folder that the user names in the place of made ones, where a kind has real counterparts.

Nothing of such a folder is shipped. A real prompt is chosen by hashing the item, so a repeated task stays repeated.
Mapping of kinds: what each public collection was published for, see `FILES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hydrometer.base.errors import UsageError
from hydrometer.simulate.mixing import choose
from hydrometer.simulate.networks import LANGUAGES
from hydrometer.simulate.world import Array

FILES: dict[str, dict[str, tuple[str, ...]]] = {
    "dev_prompts_distil.parquet": {
        "cot": ("harvest", "task_make"),
        "rubric": ("judge", "judge_foreign"),
        "instruction": ("teach", "synthesis"),
        "tool": ("agent_harvest",),
        "code": ("code_harvest",),
        "qa": ("teach", "relay"),
    },
    "dev_prompts_benign.parquet": {
        "benign_assistant": ("ask", "support"),
        "benign_chat": ("ask", "explain", "steps"),
        "benign_prompt_collection": ("write", "plan"),
        "benign_dev_prompt": ("code_write",),
        "benign_eval": ("eval_item",),
    },
}
"""For each file, which of our kinds each of its kinds stands for; its other kinds are not used."""
SHARE = 0.5
_COLUMNS = ("prompt", "kind", "language")
_MOST_CHARACTERS = 8_000
"""Longer prompts are documents; a world of them would measure little else."""
_PARTS = 1_000
_SHARE_SALT, _PROMPT_SALT = 8_100, 8_101


@dataclass(frozen=True, slots=True)
class OutsidePrompts:
    """Real prompts by our kind and language, each an array of distinct texts."""

    pools: dict[tuple[str, str], pa.Array]


def _rows(path: Path) -> pa.Table:
    """The columns that are needed, of the rows that have them all."""
    if not path.is_file():
        raise UsageError(
            "--data", f"no file {path.name} in {path.parent}", "the prompt files " + " and ".join(FILES), "check --data"
        )
    try:
        schema = pq.read_schema(path)
        missing = [name for name in _COLUMNS if name not in schema.names]
        unlike = [name for name in _COLUMNS if name not in missing and not _is_text(schema.field(name).type)]
        if not missing and not unlike:
            return pq.read_table(path, columns=list(_COLUMNS)).drop_null()
    except (pa.ArrowException, OSError) as problem:
        raise UsageError(str(path), str(problem), "a readable parquet file", "get the file anew") from problem
    found = f"no column {', '.join(missing)}" if missing else f"column {unlike[0]} holds no text"
    raise UsageError(str(path), found, f"columns of text {', '.join(_COLUMNS)}", "choose another --data")


def _is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds text, however it is stored."""
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value))


def load(folder: Path) -> OutsidePrompts:
    """Read the real prompts of a folder.

    Raises:
        UsageError: a file or column is missing or unreadable, or no prompt is of use.
    """
    found: dict[tuple[str, str], list[pa.Array]] = {}
    for name, meaning in FILES.items():
        table = _rows(folder / name)
        length = pc.utf8_length(table["prompt"].cast(pa.string()))
        table = table.filter(pc.and_(pc.greater(length, 0), pc.less_equal(length, _MOST_CHARACTERS)))
        for theirs, ours in meaning.items():
            for language in LANGUAGES:
                here = pc.and_(pc.equal(table["kind"], theirs), pc.equal(table["language"], language))
                texts = table["prompt"].filter(here).cast(pa.string()).combine_chunks()
                if len(texts):
                    for kind in ours:
                        found.setdefault((kind, language), []).append(texts)
    if not found:
        raise UsageError("--data", f"no prompt of use in {folder}", "prompts of known kinds", "choose another --data")
    return OutsidePrompts({key: pc.unique(pa.concat_arrays(texts)) for key, texts in sorted(found.items())})


def replace(
    texts: pa.Array, kinds: tuple[str, ...], rows: dict[str, Array], outside: OutsidePrompts, share: float = SHARE
) -> pa.Array:
    """The texts of a batch, a share of the first turns in words that real people or programs used.

    Args:
        texts: made prompts.
        kinds: names that `rows["kind"]` indexes.
        rows: `kind`, `language`, `item` and `turn` of each prompt.
        outside: real prompts.
        share: share of the items whose prompt is real, 0 to 1, among kinds and languages that have real prompts.
    """
    eligible = (rows["turn"] == 1) & (choose(rows["item"], _SHARE_SALT, _PARTS) < round(share * _PARTS))
    place = np.arange(len(texts))
    parts, size = [texts], len(texts)
    for (kind, language), pool in outside.pools.items():
        if kind not in kinds:
            continue
        same = (rows["kind"] == kinds.index(kind)) & (rows["language"] == LANGUAGES.index(language))
        at = np.flatnonzero(eligible & same)
        if len(at):
            place[at] = size + choose(rows["item"][at], _PROMPT_SALT, len(pool))
            parts.append(pool)
            size += len(pool)
    return pa.concat_arrays(parts).take(pa.array(place))
