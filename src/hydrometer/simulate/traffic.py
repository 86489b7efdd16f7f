"""From a cohort to its exchanges, as arrays of codes: conversations, times, kinds, items, tokens, models, addresses.

No text is made here; an exchange is some forty integers until `render` turns a batch of them into columns. The order
of steps is the order of cause: when a conversation begins, what about, who goes on with it, what came back and how long
that took, and only then when the next turn is sent and what it says.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, fitted, handover, identity, networks, pace, people
from hydrometer.simulate.mixing import choose, mix
from hydrometer.simulate.speech import CODE, COPIED, INPUT_SHARE, KINDS, OUTPUT_TOKENS, SPREAD, tool_turn
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
_SHARD_ITEMS = 2**36
"""Items of a work-list that one shard may ask."""
_KEYS_AN_ACCOUNT, _USERS_AN_ACCOUNT = 64, 100_000
_TONGUE_SALT, _WORDING_SALT, _USER_SALT, _POOL_SALT = 51, 52, 53, 54
_REPLIES = (CODE["follow"], CODE["tool"])
_STRAY_SHARE = 0.06
_SPREAD, _IS_CODE = fitted.kind_spreads(KINDS, SPREAD), fitted.is_code(KINDS)


def exchanges(cohort: Cohort, draw: np.random.Generator, salt: int, shard: int = 0) -> Columns:
    """All exchanges of a cohort; row order is by the account that begins a conversation, then by time.

    Args:
        cohort: accounts with all traits, or a shard of them.
        draw: random numbers of this cohort and shard.
        salt: of the cohort; its shared items and work-list depend on it in every shard.
        shard: number of the shard, so that no two ask the same item of a work-list.

    Returns:
        columns of one length; `account` indexes the cohort's accounts, `builder` is the number of the builder whose
        harvest an exchange is, or NOTHING.
    """
    traits = cohort.accounts
    account = np.repeat(np.arange(cohort.size), traits["volume"])
    rows: Columns = {"account": account, **_conversations(traits, account, draw)}
    rows["kind"] = _kinds(cohort, rows, draw)
    rows["builder"] = _builders(cohort)[rows["kind"][rows["opening"]]]
    rows["item"] = _items(cohort, rows, draw, salt + shard * _SHARD_ITEMS)
    follows = rows["turn"] > 1
    next_kind = np.where(tool_turn(rows["kind"]), CODE["tool"], CODE["follow"])
    reacts = traits["reacts"][account] | (traits["cover_reacts"][account] & (rows["builder"] < 0))
    goes_on = reacts | traits["fake_follow"][account]
    rows["kind"] = np.where(follows & goes_on, next_kind, rows["kind"])
    rows["wording"] = people.codes(len(account), draw)
    handover.continue_elsewhere(traits, rows, draw)
    _scripts(traits, rows, salt, draw)
    _answers(traits, rows, reacts, draw)
    pace.lay_out(traits, rows)
    _places(traits, rows, draw)
    _models(traits, rows, draw)
    handover.present_signatures(traits, rows, draw)
    return rows


def _builders(cohort: Cohort) -> Array:
    """Number of the builder of each kind of prompt, NOTHING where the kind is nobody's harvest."""
    number = np.full(len(CODE), people.NOTHING)
    others = dict(cohort.builder)
    for kind in cohort.harvest:
        number[CODE[kind]] = others.get(kind, 0)
    return number


def _conversations(traits: Columns, account: Array, draw: np.random.Generator) -> Columns:
    """Which exchanges open a conversation, their turn numbers, gaps and planned times, as if answers took none."""
    size = len(account)
    first = np.empty(size, dtype=bool)
    first[:1] = True
    first[1:] = account[1:] != account[:-1]
    opens = first | (draw.random(size) < 1.0 / traits["turns"][account])
    position = np.arange(size)
    opening = np.maximum.accumulate(np.where(opens, position, 0))
    conversation = np.cumsum(opens) - 1
    begun = _starts(traits, account[opens], draw)
    wait = np.where(opens, 0, clock.gaps(traits["machine"][account], conversation, draw))
    since = np.cumsum(wait)
    return {
        "opening": opening,
        "turn": position - opening + 1,
        "conversation": conversation,
        "wait": wait,
        "sent": begun[conversation] + since - since[opening],
    }


def _starts(traits: Columns, who: Array, draw: np.random.Generator) -> Array:
    """Start of each conversation, in order within its account; `who` is the account of each, ascending."""
    counts = np.bincount(who, minlength=len(traits["volume"]))
    firsts = np.cumsum(counts) - counts
    talks = {trait: traits[trait][who] for trait in ("rhythm", "opened", "closed", "number", "dispatcher")}
    talks["offset_h"] = networks.OFFSETS_H[traits["country"][who]]
    talks["rank"], talks["count"] = np.arange(len(who)) - firsts[who], counts[who]
    begun = clock.starts(talks, draw)
    shift_us = (traits["jitter_s"][who] * clock.SECOND_US).astype(np.int64)
    low, high = np.maximum(talks["opened"], begun - shift_us), np.minimum(talks["closed"], begun + shift_us)
    begun = np.where(shift_us > 0, low + (draw.random(len(who)) * (high - low)).astype(np.int64), begun)
    return np.asarray(begun[np.lexsort((begun, who))])


def _kinds(cohort: Cohort, rows: Columns, draw: np.random.Generator) -> Array:
    """Kind of each exchange's conversation, by the taste of its account."""
    reach = np.cumsum(cohort.weights, axis=1)
    reach = reach / reach[:, -1:]
    uniform = draw.random(len(rows["account"]))[rows["opening"]]
    chosen = np.zeros(len(uniform), dtype=np.int64)
    for column in range(len(cohort.kinds) - 1):
        chosen += uniform >= reach[rows["account"], column]
    return np.array([CODE[kind] for kind in cohort.kinds])[chosen]


def _items(cohort: Cohort, rows: Columns, draw: np.random.Generator, salt: int) -> Array:
    """What each exchange is about: one item a conversation, a common few, or each of a work-list once."""
    size = len(rows["account"])
    common_salt, offset = salt % _SHARD_ITEMS, salt - salt % _SHARD_ITEMS
    own = draw.integers(0, _ITEM_BITS, size)[rows["opening"]]
    unrelated = ~cohort.accounts["reacts"][rows["account"]]
    item = np.where(unrelated, draw.integers(0, _ITEM_BITS, size), own)
    for kind, count in cohort.shared_items:
        circle = cohort.accounts["circle"][rows["account"]]
        common = mix(draw.integers(0, count, size) + circle, common_salt) >> np.uint64(2)
        item = np.where(rows["kind"] == CODE[kind], common.astype(np.int64)[rows["opening"]], item)
    listed = np.isin(rows["kind"], [CODE[kind] for kind in cohort.worklists])
    order = mix(draw.permutation(size) + offset, common_salt + 1) >> np.uint64(2)
    item = np.where(listed, order.astype(np.int64), item)
    return _with_decoys(cohort.accounts, rows["account"], listed, item, draw)


def _with_decoys(traits: Columns, account: Array, listed: Array, item: Array, draw: np.random.Generator) -> Array:
    """Items of which a share of the work-list's is replaced by ones that another account asks."""
    if not traits["decoys"].any() or not listed.any():
        return item
    asked_again = listed & (draw.random(len(item)) < traits["decoys"][account])
    others = draw.choice(item[listed], len(item))
    return np.where(asked_again, others, item)


def _scripts(traits: Columns, rows: Columns, salt: int, draw: np.random.Generator) -> None:
    """Adds the style of each prompt: a script has one template, a pool a few wordings, all else picks anew.

    Answering on what came back follows no template, nor does traffic of a campaign's accounts that is nobody's harvest.
    """
    account, size = rows["account"], len(rows["account"])
    scripted = traits["scripted"][account]
    template = people.codes(len(traits["scripted"]), draw)[account]
    rows["style"] = np.where(scripted, template, np.where(rows["turn"] > 1, rows["wording"], rows["item"]))
    rows["wording"] = np.where(scripted, template, rows["wording"])
    if traits["wordings"].any():
        wordings = traits["wordings"][account]
        kept = (wordings > 0) & (draw.random(size) >= traits["paraphrase"][account])
        kept &= ((traits["role"][account] < 0) | (rows["builder"] >= 0)) & ~np.isin(rows["kind"], _REPLIES)
        number = np.floor(draw.random(size) * np.maximum(wordings, 1)).astype(np.int64)
        pooled = (mix(number + _pools(traits, salt)[account], _WORDING_SALT) >> np.uint64(2)).astype(np.int64)
        rows["style"], rows["wording"] = np.where(kept, pooled, rows["style"]), np.where(kept, pooled, rows["wording"])
    if traits["polyglot"].any() or traits["hands_over"].any():
        begins = account[rows["opening"]]
        spoken = choose(rows["item"][rows["opening"]], _TONGUE_SALT, len(networks.LANGUAGES))
        rows["language"] = np.where(traits["polyglot"][begins], spoken, traits["language"][begins])


def _pools(traits: Columns, salt: int) -> Array:
    """Code of the pool of templates of each account: its firm's, its operator's, or the campaign's."""
    common_salt = salt % _SHARD_ITEMS
    own = (mix(traits["operator"], common_salt + _POOL_SALT) >> np.uint64(2)).astype(np.int64)
    campaign = int(mix(np.array([common_salt]), _POOL_SALT)[0] >> np.uint64(2))
    firm = traits["dispatcher"] >= 0
    return np.where(traits["role"] >= 0, campaign, np.where(firm, traits["dispatcher"], own))


def _answers(traits: Columns, rows: Columns, reacts: Array, draw: np.random.Generator) -> None:
    """Adds output, reasoning and history tokens, latency, and the context that each prompt brings if it `reacts`."""
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
    wanted = np.where((turn > 1) & reacts, pull, traits["length"][account])
    wanted = np.where((turn > 1) & ~reacts, _UNREACTIVE_EXTRA, wanted)
    copied = np.isin(rows["kind"], [CODE[kind] for kind in COPIED])
    rows["extra"] = np.where(copied, 0, np.minimum(draw.poisson(wanted), _MOST_EXTRA))
    prompt = _PROMPT_TOKENS + _SENTENCE_TOKENS * rows["extra"]
    told = np.cumsum(prompt + output) - prompt - output
    first = fitted.first_input_tokens(_IS_CODE[rows["kind"][turn == 1]], draw)
    brought = np.maximum(first - prompt[turn == 1], 0)
    rows["history"] = told - told[opening] + brought[rows["conversation"]]
    rows["cached"] = np.where((turn > 1) & (draw.random(size) < 0.5), rows["history"] // 2, 0)
    rows["cached_prefix"] = draw.random(size) < traits["prefix_cache"][account]
    rows["carries"] = draw.random(size) < INPUT_SHARE[rows["kind"]]
    rows["latency_ms"] = 180.0 + rows["output"] * draw.gamma(8.0, 1.9, size) + draw.exponential(90.0, size)


def _places(traits: Columns, rows: Columns, draw: np.random.Generator) -> None:
    """Adds the address of each exchange, its client, key, end user and status."""
    account, size = rows["account"], len(rows["account"])
    away = (draw.random(size) < traits["mobility"][account])[rows["opening"]]
    rows["address"] = np.where(away, traits["second_address"][account], traits["address"][account])
    far = (rows["builder"] >= 0) & (traits["far_address"][account] >= 0)
    rows["address"] = np.where(far, traits["far_address"][account], rows["address"])
    rows["client"] = np.where(far, traits["far_client"][account], traits["client"][account])
    rank = _users(traits, rows, draw)
    keys = traits["keys"][account]
    used = np.where(keys > 1, rank % np.maximum(keys, 1), 0)
    rows["key"] = traits["number"][account] * _KEYS_AN_ACCOUNT + used
    chance = draw.random(size)
    steps = [chance < _FAILED, chance < _FAILED + _LIMITED]
    rows["status"] = np.select(steps, [500, 429], 200)
    rows["answered_before"] = np.concatenate([[False], rows["status"][:-1] == 200]) & (rows["turn"] > 1)
    rows["refused"] = (rows["status"] == 200) & (draw.random(size) < _REFUSED)


def _users(traits: Columns, rows: Columns, draw: np.random.Generator) -> Array:
    """Adds the end user of each conversation, one of the account that began it, and returns the user's rank there.

    Each hidden end user of a polyglot account has a language of their own, kept over conversations and accounts.
    """
    begins = rows["account"][rows["opening"]]
    users = traits["end_users"][begins]
    rank = np.floor(np.maximum(users, 1) ** draw.random(len(begins))).astype(np.int64)[rows["opening"]]
    user = traits["number"][begins] * _USERS_AN_ACCOUNT + rank
    rows["end_user"] = np.where((users > 0) & ~traits["hidden_users"][begins], user, people.NOTHING)
    speaks = traits["polyglot"][begins] & (users > 0)
    if speaks.any():
        rows["language"] = np.where(speaks, choose(user, _USER_SALT, len(networks.LANGUAGES)), rows["language"])
    return np.asarray(rank)


def _models(traits: Columns, rows: Columns, draw: np.random.Generator) -> None:
    """Adds the model of each exchange; after its account's switch a share goes to the new one, a whole conversation."""
    account = rows["account"]
    begun = rows["sent"][rows["opening"]]
    to = np.where(traits["moves_to"][account] >= 0, traits["moves_to"][account], identity.NEW)
    possible = np.where(to == identity.NEW, clock.RELEASE_US, clock.START_US)
    switched = begun >= np.maximum(traits["adopt_at"][account], possible)
    moved = switched & (draw.random(len(account))[rows["opening"]] < traits["adopts"][account])
    strays = draw.random(len(account))[rows["opening"]] < _STRAY_SHARE
    other = draw.integers(0, identity.NEW, len(account))[rows["opening"]]
    rows["model"] = np.where(moved, to, np.where(strays, other, traits["model"][account]))
