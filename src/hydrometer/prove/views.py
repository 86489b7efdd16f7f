"""What report and console draw of a listed group: hours and masked templates.

A template is shown as the words that its samples have in common; everything that differs is masked, so that no
customer's content is in the picture. Samples are the bottom k by hash of the exchange id. Where their texts were read
by an earlier run, the template is shown as it was masked then.
Source: the contract, section 2; `docs/tables.md`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import islice

import numpy as np
import pyarrow as pa

from hydrometer.base.tables import schema
from hydrometer.base.workspace import Workspace
from hydrometer.prove.assembly import MILLION, Reported, moment
from hydrometer.prove.subject import absent_columns

HOUR_US = 3_600_000_000
TEMPLATES_MAX = 12
WORDINGS_MAX = 64
"""Wordings of a group that are masked for a later run, those that are shown among them: it may show others."""
SAMPLES = 6
MASK = "⟨…⟩"
WORDS_MAX = 120
"""Words of a sample that are looked at; what lies beyond is masked."""
LETTERS_MAX, PROMPT_LETTERS_MAX = 60, 65_536
"""A longer word is masked, and of a longer prompt only so much is looked at."""
COMMON_WORDS_MIN = 3
WORD = re.compile(r"\w+|[^\w\s]")
TIMELINE = f"""
with seen as (select account_id, min(sent_us) // {HOUR_US} as first_hour from part group by 1)
select p.sent_us // {HOUR_US} as hour, sum(millionths)::bigint as millionths,
       sum(millionths::hugeint * output_tokens)::double as output_tokens, count(distinct p.account_id) as accounts,
       count(distinct p.account_id) filter (s.first_hour = p.sent_us // {HOUR_US}) as new_accounts
from part p join seen s using (account_id) group by 1 order by 1
"""
FAMILIES = """
with keyed as (
  select *, case when opens.n >= closes.n then p.opening else p.closing end as template from part p
  join (select opening, count(*) as n from part group by 1) opens using (opening)
  join (select closing, count(*) as n from part group by 1) closes using (closing)
), families as (
  select template, count(*) as exchanges, count(distinct account_id) as accounts,
         count(distinct item) as distinct_items, bit_or(techniques) as techniques
  from keyed where template <> 0 group by 1 order by exchanges desc, template limit $most
), moments as (
  select template, sent_us // {epoch_us} as epoch, list(exchange_id order by md5(exchange_id))[1:$samples] as samples
  from keyed semi join families using (template) group by 1, 2 having count(*) >= 2
)
select f.*, m.samples from families f
left join (select template, arg_max(samples, epoch) as samples from moments group by 1) m using (template)
order by exchanges desc, template
"""
"""Samples are those of the last epoch in which the group sent a wording twice: of older ones a run may have no text."""
TEXTS = """
select exchange_id, left(prompt, $letters) as prompt from {exchanges}
where exchange_id in (select exchange_id from wanted)
order by md5(exchange_id)
"""
WORDINGS = schema("template_id:s! masked:s!")
"""Templates that show a word, as they are kept for later runs."""
EARLIER = "earlier_wordings"
"""Templates as earlier runs have shown them."""
BANS = """
select epoch_us(acted_at) as us, action from {enforcement} semi join accounts using (account_id) order by 1, 2
"""


def masked(texts: Sequence[str]) -> str:
    """The words that all texts have in common, in order, with everything else masked.

    >>> masked(["Explain tides in full now", "Explain volcanoes in full now"])
    'Explain ⟨…⟩ in full now'
    """
    found = [[one[0] for one in islice(WORD.finditer(text), WORDS_MAX + 1)] for text in texts]
    words = [every[:WORDS_MAX] for every in found]
    common = words[0]
    for other in words[1:]:
        blocks = SequenceMatcher(None, common, other, autojunk=False).get_matching_blocks()
        common = [common[place] for block in blocks for place in range(block.a, block.a + block.size)]
    if len(texts) < 2 or len(common) < COMMON_WORDS_MIN:
        return MASK
    places = [_positions(common, other) for other in words]
    broken = [any(place[i] != (place[i - 1] + 1 if i else 0) for place in places) for i in range(len(common))]
    open_end = any(place[-1] != len(every) - 1 for place, every in zip(places, found, strict=True))
    shown = [word if len(word) <= LETTERS_MAX else MASK for word in common]
    pieces = [piece for gap, word in zip(broken, shown, strict=True) for piece in ([MASK, word] if gap else [word])]
    return " ".join([*pieces, MASK] if open_end else pieces)


def _positions(common: Sequence[str], words: Sequence[str]) -> list[int]:
    """Earliest places of a subsequence's words."""
    places: list[int] = []
    for word in common:
        places.append(words.index(word, places[-1] + 1 if places else 0))
    return places


def wording_rows(workspace: Workspace, reported: Reported, names: tuple[str, ...]) -> list[dict[str, object]]:
    """Rows of `templates` for the wordings with most exchanges, masked; the first `TEMPLATES_MAX` are shown.

    A template of which no text is known is masked whole, and null where the log has no prompt at all.
    """
    part = reported.attributed
    found = workspace.query(
        FAMILIES.replace("$samples", str(SAMPLES)).replace("$most", str(WORDINGS_MAX)), part=part
    ).to_pylist()
    ids = sorted({one for row in found for one in row["samples"] or ()})
    wanted = pa.table({"exchange_id": pa.array(ids, pa.string())})
    read = workspace.query(TEXTS, {"letters": PROMPT_LETTERS_MAX}, wanted=wanted).to_pylist() if ids else []
    text = {row["exchange_id"]: row["prompt"] for row in read}
    earlier = workspace.read(EARLIER).to_pylist() if workspace.has(EARLIER) else []
    known = {row["template_id"]: row["masked"] for row in earlier}
    otherwise = None if "prompt" in absent_columns(workspace) else MASK
    rows: list[dict[str, object]] = []
    for row in found:
        name = f"t-{row['template'] & 0xFFFFFFFFFFFF:012x}"
        rows.append({
            "campaign_id": reported.verdict.campaign_id, "template_id": name,
            "masked": _shown([text[one] for one in row["samples"] or () if text.get(one)], known.get(name, otherwise)),
            "exchanges": row["exchanges"], "accounts": row["accounts"],
            "distinct_items": row["distinct_items"], "share": row["exchanges"] / max(len(part), 1),
            "techniques": [name for bit, name in enumerate(names) if row["techniques"] >> bit & 1],
        })  # fmt: skip
    return rows


def _shown(samples: list[str], otherwise: str | None) -> str | None:
    """A template masked: by two samples or more that were read now, else as it is known otherwise."""
    return masked(samples) if len(samples) > 1 else otherwise


def timeline_rows(workspace: Workspace, reported: Reported) -> list[dict[str, object]]:
    """Rows of `timeline`: each hour of the group with traffic; bans of members and releases stand in their hour."""
    found = workspace.query(TIMELINE, part=reported.attributed).to_pylist()
    events = _events(workspace, reported)
    return [
        {
            "campaign_id": reported.verdict.campaign_id, "hour": moment(row["hour"] * HOUR_US),
            "exchanges": row["millionths"] / MILLION, "output_tokens": row["output_tokens"] / MILLION,
            "accounts": row["accounts"], "new_accounts": row["new_accounts"], "event": events.get(row["hour"]),
        }
        for row in found
    ]  # fmt: skip


def _events(workspace: Workspace, reported: Reported) -> dict[int, str]:
    """Hour → what happened in it, from the tables `enforcement` and `releases` where the run has them."""
    words: dict[int, list[str]] = {}
    if workspace.has("enforcement"):
        accounts = pa.table(
            {"account_id": np.unique(reported.attributed["account_id"].to_numpy(zero_copy_only=False).astype(str))}
        )
        acts = workspace.query(BANS, accounts=accounts)
        counted = Counter(
            (us // HOUR_US, action)
            for us, action in zip(acts["us"].to_pylist(), acts["action"].to_pylist(), strict=True)
        )
        for (hour, action), number in sorted(counted.items()):
            words.setdefault(hour, []).append(f"{action} of {number} member{'s' if number > 1 else ''}")
    if workspace.has("releases"):
        for row in workspace.query(
            "select epoch_us(released_at) as us, model from {releases} order by 1, 2"
        ).to_pylist():
            words.setdefault(row["us"] // HOUR_US, []).append(f"release of {row['model']}")
    return {hour: "; ".join(parts) for hour, parts in words.items()}
