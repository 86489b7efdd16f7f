"""From a cohort to its exchanges, as arrays of codes: conversations, times, kinds, items, tokens, models, addresses.

No text is made here; an exchange is some forty integers until `render` turns a batch of them into columns. The order
of steps is the order of cause: when, what about, what came back, and only then what the next prompt says.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, fitted, identity, networks, people
from hydrometer.simulate.mixing import mix
from hydrometer.simulate.speech import CODE, COPIED, IMAGE, KINDS, OUTPUT_TOKENS, SPREAD, tool_turn
from hydrometer.simulate.world import Array, Cohort, Columns

_LONG_ANSWER_TOKENS = 420.0
_FOLLOW_EXTRA, _REACTION = 2.0, 1.2
"""Extra sentences in a follow-up for each e-fold of the answer before it: people quote and question long answers."""
_MOST_EXTRA = 16
_UNREACTIVE_EXTRA = 0.6
_THINKING_SHARE = 0.45
_SENTENCE_TOKENS = 17
_PROMPT_TOKENS = 45
_REFUSED, _LIMITED, _FAILED = 0.006, 0.008, 0.002
_ITEM_BITS = 2**62
_SPREAD, _IS_CODE = fitted.kind_spreads(KINDS, SPREAD), fitted.is_code(KINDS)


def exchanges(cohort: Cohort, draw: np.random.Generator) -> Columns:
    """All exchanges of a cohort; row order is by account, then time.

    Returns:
        columns of one length; `account` indexes the cohort's accounts, `harvested` marks the campaign's exchanges.
    """
    traits = cohort.accounts
    account = np.repeat(np.arange(cohort.size), traits["volume"])
    rows: Columns = {"account": account, **_conversations(traits, account, draw)}
    rows["kind"] = _kinds(cohort, rows, draw)
    rows["harvested"] = np.isin(rows["kind"][rows["opening"]], [CODE[kind] for kind in cohort.harvest])
    rows["item"] = _items(cohort, rows, draw)
    follows = rows["turn"] > 1
    next_kind = np.where(tool_turn(rows["kind"]), CODE["tool"], CODE["follow"])
    rows["kind"] = np.where(follows & traits["reacts"][account], next_kind, rows["kind"])
    rows["wording"] = people.codes(len(account), draw)
    _scripts(traits, rows, draw)
    _answers(traits, rows, draw)
    _places(traits, rows, draw)
    _models(traits, rows, draw)
    return rows


def _conversations(traits: Columns, account: Array, draw: np.random.Generator) -> Columns:
    """Which exchanges open a conversation, their turn numbers and times."""
    size = len(account)
    first = np.empty(size, dtype=bool)
    first[:1] = True
    first[1:] = account[1:] != account[:-1]
    opens = first | (draw.random(size) < 1.0 / traits["turns"][account])
    position = np.arange(size)
    opening = np.maximum.accumulate(np.where(opens, position, 0))
    conversation = np.cumsum(opens) - 1
    who = account[opens]
    window = np.stack([traits["opened"], traits["closed"]], axis=1)[who]
    begun = clock.starts(traits["rhythm"][who], networks.OFFSETS_H[traits["country"][who]], window, draw)
    begun = begun[np.lexsort((begun, who))]
    waits = np.where(opens, 0, clock.gaps(traits["machine"][account], conversation, draw))
    since = np.cumsum(waits)
    since -= since[opening]
    longest = np.maximum.reduceat(since, np.flatnonzero(opens)) if size else since
    begun = np.minimum(begun, clock.END_US - clock.SECOND_US - longest)
    return {
        "opening": opening,
        "turn": position - opening + 1,
        "conversation": conversation,
        "sent": begun[conversation] + since,
    }


def _kinds(cohort: Cohort, rows: Columns, draw: np.random.Generator) -> Array:
    """Kind of each exchange's conversation, by the taste of its account."""
    reach = np.cumsum(cohort.weights, axis=1)
    reach = reach / reach[:, -1:]
    uniform = draw.random(len(rows["account"]))[rows["opening"]]
    chosen = np.zeros(len(uniform), dtype=np.int64)
    for column in range(len(cohort.kinds) - 1):
        chosen += uniform >= reach[rows["account"], column]
    return np.array([CODE[kind] for kind in cohort.kinds])[chosen]


def _items(cohort: Cohort, rows: Columns, draw: np.random.Generator) -> Array:
    """What each exchange is about: one item a conversation, a common few, or each of a work-list once."""
    size = len(rows["account"])
    salt = int(draw.integers(2**31))
    own = draw.integers(0, _ITEM_BITS, size)[rows["opening"]]
    unrelated = ~cohort.accounts["reacts"][rows["account"]]
    item = np.where(unrelated, draw.integers(0, _ITEM_BITS, size), own)
    for kind, count in cohort.shared_items:
        common = mix(draw.integers(0, count, size), salt) >> np.uint64(2)
        item = np.where(rows["kind"] == CODE[kind], common.astype(np.int64)[rows["opening"]], item)
    listed = np.isin(rows["kind"], [CODE[kind] for kind in cohort.worklists])
    order = mix(draw.permutation(size), salt + 1) >> np.uint64(2)
    return np.where(listed, order.astype(np.int64), item)


def _scripts(traits: Columns, rows: Columns, draw: np.random.Generator) -> None:
    """Adds the style of each prompt: a script always uses its one template and wording, all else picks anew."""
    account = rows["account"]
    scripted = traits["scripted"][account]
    template = people.codes(len(traits["scripted"]), draw)[account]
    rows["style"] = np.where(scripted, template, np.where(rows["turn"] > 1, rows["wording"], rows["item"]))
    rows["wording"] = np.where(scripted, template, rows["wording"])


def _answers(traits: Columns, rows: Columns, draw: np.random.Generator) -> None:
    """Adds output, reasoning and history tokens, and how much context each prompt brings."""
    account, turn, opening = rows["account"], rows["turn"], rows["opening"]
    size = len(account)
    scale = OUTPUT_TOKENS[rows["kind"]] * np.exp(traits["verbosity"][account])
    output = np.maximum(1, scale * np.exp(_SPREAD[rows["kind"]] * draw.standard_normal(size))).astype(np.int64)
    budget = traits["thinking"][account]
    reasoning = np.where(budget > 0, np.minimum(budget, output * draw.gamma(2.0, _THINKING_SHARE, size)), 0).astype(
        np.int64
    )
    limit = np.where(traits["max_tokens"][account] > 0, traits["max_tokens"][account], _ITEM_BITS)
    rows["reasoning"] = np.minimum(reasoning, limit - 1)
    rows["cut"] = output + rows["reasoning"] >= limit
    rows["output"] = np.minimum(output + rows["reasoning"], limit)
    before = np.concatenate([[1], output[:-1]])
    pull = np.maximum(0.0, _FOLLOW_EXTRA + _REACTION * np.log(before / _LONG_ANSWER_TOKENS))
    wanted = np.where((turn > 1) & traits["reacts"][account], pull, traits["length"][account])
    wanted = np.where((turn > 1) & ~traits["reacts"][account], _UNREACTIVE_EXTRA, wanted)
    copied = np.isin(rows["kind"], [CODE[kind] for kind in COPIED])
    rows["extra"] = np.where(copied, 0, np.minimum(draw.poisson(wanted), _MOST_EXTRA))
    prompt = _PROMPT_TOKENS + _SENTENCE_TOKENS * rows["extra"]
    told = np.cumsum(prompt + output) - prompt - output
    first = fitted.first_input_tokens(_IS_CODE[rows["kind"][turn == 1]], draw)
    brought = np.maximum(first - prompt[turn == 1], 0)
    rows["history"] = told - told[opening] + brought[rows["conversation"]]
    rows["cached"] = np.where((turn > 1) & (draw.random(size) < 0.5), rows["history"] // 2, 0)
    rows["image"] = draw.random(size) < IMAGE[rows["kind"]]


def _places(traits: Columns, rows: Columns, draw: np.random.Generator) -> None:
    """Adds the address of each exchange, its key, end user and status."""
    account, size = rows["account"], len(rows["account"])
    away = (draw.random(size) < traits["mobility"][account])[rows["opening"]]
    rows["address"] = np.where(away, traits["second_address"][account], traits["address"][account])
    users = traits["end_users"][account]
    rank = np.floor(np.maximum(users, 1) ** draw.random(size)).astype(np.int64)[rows["opening"]]
    rows["end_user"] = np.where(users > 0, account * 100_000 + rank, people.NOTHING)
    rows["key"] = account * 64 + np.where(traits["keys"][account] > 1, rank % traits["keys"][account], 0)
    chance = draw.random(size)
    steps = [chance < _FAILED, chance < _FAILED + _LIMITED]
    rows["status"] = np.select(steps, [500, 429], 200)
    rows["answered_before"] = np.concatenate([[False], rows["status"][:-1] == 200]) & (rows["turn"] > 1)
    rows["refused"] = (rows["status"] == 200) & (draw.random(size) < _REFUSED)
    rows["latency_ms"] = 180.0 + rows["output"] * draw.gamma(8.0, 1.9, size) + draw.exponential(90.0, size)


def _models(traits: Columns, rows: Columns, draw: np.random.Generator) -> None:
    """Adds the model of each exchange; after its account's switch a share goes to the new one, a whole conversation."""
    account = rows["account"]
    begun = rows["sent"][rows["opening"]]
    switched = begun >= np.maximum(traits["adopt_at"][account], clock.RELEASE_US)
    moved = switched & (draw.random(len(account))[rows["opening"]] < traits["adopts"][account])
    strays = draw.random(len(account))[rows["opening"]] < 0.06
    other = draw.integers(0, identity.NEW, len(account))[rows["opening"]]
    rows["model"] = np.where(moved, identity.NEW, np.where(strays, other, traits["model"][account]))
