"""H4: do many people stand behind few accounts, as behind a reseller's, or a handful who share them?

End users are counted where they are named. Where they are not, they show in one account by what one person does not
do: write several languages, use several clients, bring many system prompts, hold many conversations at once. None of it
is evidence against anybody: it names what a group is that is not listed. An operator's scripts show none of it, and a
job in many languages fills in forms and asks nothing on.
Source: mission table, section 1.4, rows 20 and 40; `detection.md` section 8 (resellers, gateways).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.cases import Case, Evidence, Finding, Test
from hydrometer.base.units import DECISION_DIGITS

END_USERS = 5
"""Named end users of the median account from which accounts carry other people's traffic."""
BOUNDS = {"languages": 4, "clients": 4, "prompts": 8, "at_once": 5}
"""Of the median account: what one person does not do beside asking on."""
SEVERAL = 2
"""Clients of the median account from which its accounts are shared."""
ASKS_ON, FORMS_MAX, PROMPTS_MIN = 0.1, 0.5, 20
"""People are behind it and not a job where this share of exchanges continue a conversation, or where at most half of
the distinct prompts, of twenty or more, are filled-in forms."""
FEW = 5
"""Accounts, or people, up to which a pool is a few people's (mission, section 1.4)."""
VOICE_MIN, VOICE_SHARE = 3, 0.05
"""A language, client or system prompt is an account's own from so many conversations, and this share of them."""
NOUNS = {
    "languages": "languages",
    "clients": "client stacks",
    "prompts": "system prompts",
    "at_once": "conversations at once",
}
PEOPLE = """
with f as materialized (
  select m.unit, f.account_id, f.sent_us, f.language, f.client_stack, nullif(f.system_prompt, 0) as system_prompt,
         f.end_user, coalesce(f.turn, 1) > 1 as later, f.conversation
  from {traffic} f join {units} u using (account_id) join members m using (unit)
  where f.sent_us // {epoch_us} <= $last
), talks as (
  select account_id, conversation, min(sent_us) as began, max(sent_us) as ended, any_value(language) as language,
         any_value(client_stack) as client_stack, any_value(system_prompt) as system_prompt
  from f where conversation is not null group by 1, 2
  union all select account_id, null, sent_us, sent_us, language, client_stack, system_prompt
  from f where conversation is null
), voices as (
  select account_id, layer, value, count(*) as n, sum(count(*)) over (partition by account_id, layer) as total
  from (
    select account_id, 0 as layer, hash(language) as value from talks where language <> '?'
    union all select account_id, 1, hash(client_stack) from talks where client_stack is not null
    union all select account_id, 2, hash(system_prompt) from talks where system_prompt is not null
  ) group by 1, 2, 3
), own as (select * from voices where n >= $fewest and n >= $share * total), counted as (
  select account_id, count(*) filter (layer = 0) as languages, count(*) filter (layer = 1) as clients,
         count(*) filter (layer = 2) as prompts from own group by 1
), open as (
  select account_id, max(running) as at_once from (
    select account_id, sum(step) over (partition by account_id order by us, step rows unbounded preceding) as running
    from (select account_id, began as us, 1 as step from talks where ended > began
          union all select account_id, ended, -1 from talks where ended > began)
  ) group by 1
)
select f.account_id, count(*) as exchanges, count(*) filter (later) as later, count(distinct end_user) as users,
       coalesce(any_value(languages), 0)::bigint as languages, coalesce(any_value(clients), 0)::bigint as clients,
       coalesce(any_value(prompts), 0)::bigint as prompts, coalesce(any_value(at_once), 0)::bigint as at_once,
       (select count(distinct value) from own where layer = 1)::bigint as stacks
from f left join counted using (account_id) left join open using (account_id) group by 1 order by 1
"""


def judge(case: Case) -> Finding:
    """What the group is by the people behind it: resale, a pool, or nothing that these facts say."""
    values: dict[str, object] = {"last": case.last_epoch, "fewest": VOICE_MIN, "share": VOICE_SHARE}
    found = case.workspace.query(PEOPLE, values, members=pa.table({"unit": case.group.members}))
    counts = {name: found[name].to_numpy().astype(np.int64) for name in found.column_names if name != "account_id"}
    accounts = len(found)
    if not accounts:
        return Finding()
    typical = {name: float(np.median(counts[name])) for name in ("users", *BOUNDS)}
    if typical["users"] >= END_USERS:
        return _resale("end_user_mix", typical["users"], "end users per account", accounts)
    asks_on = int(counts["later"].sum()) >= ASKS_ON * int(counts["exchanges"].sum())
    beyond = [name for name, bound in BOUNDS.items() if typical[name] >= bound]
    if beyond and (asks_on or speaks_freely(case)):
        return _resale("many_voices", typical[beyond[0]], f"{NOUNS[beyond[0]]} per account", accounts)
    return _pool(counts, typical, accounts)


def speaks_freely(case: Case) -> bool:
    """Whether most of what the group asks follows no form."""
    enough = len(case.counts.items) > 0 and int(case.counts.items[0]) >= PROMPTS_MIN
    return enough and round(float(case.counts.filled[0]), DECISION_DIGITS) <= FORMS_MAX


def _resale(signal: str, value: float, unit: str, accounts: int) -> Finding:
    """Accounts that pass on many end users' traffic."""
    words = "accounts that pass on many end users' traffic"
    return Finding(None, (_row(signal, value, unit, accounts, words),), words, "resale")


def _pool(counts: dict[str, NDArray[np.int64]], typical: dict[str, float], accounts: int) -> Finding:
    """A few people who share accounts: a handful of accounts, or a handful of clients, several on each account."""
    words = "a few people who share accounts"
    stacks = int(counts["stacks"][0])
    if accounts <= FEW:
        return Finding(None, (_row("small_pool", float(accounts), "accounts", accounts, words),), words, "pool")
    if typical["clients"] >= SEVERAL and stacks <= FEW:
        return Finding(None, (_row("shared_clients", float(stacks), "client stacks", accounts, words),), words, "pool")
    return Finding()


def _row(signal: str, value: float, unit: str, accounts: int, words: str) -> Evidence:
    """The row that says so."""
    said = f"It may be {words} ({value:.2g} {unit})."
    return Evidence("H4", signal, None, value, unit, accounts, None, None, None, None, said)


TEST = Test(
    name="many_hands",
    hypothesis="H4",
    role="explanation",
    judge=judge,
    source="detection science, section 8; mission, section 1.4",
    benign_twins=("reseller", "white_label_product", "private_pool"),
)
