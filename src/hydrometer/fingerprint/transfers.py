"""What was carried from one account to another: reasoning presented by whom it was not issued to, sessions continued.

Holding the same signature or conversation is not enough: somebody must have handed it over. A signature counts where it
was issued to one account and is presented by another; a conversation where an account comes in at a later turn than the
one that was there before. So clients that number their conversations from one, or put one constant into every request,
share nothing, and without the columns (what was issued, what was presented, `turn`) nothing is said. One organisation
is one holder here: its people resume each other's sessions. Source: mission rows 22 and 32; `statistics.md` section 10
(a shared organisation is the innocent explanation of a foreign signature).
"""

from __future__ import annotations

CIRCLES = """
circles as (
  select u.account_id, u.unit,
         dense_rank() over (order by coalesce('o:' || a.organization_id, 'u:' || u.unit)) as circle
  from {units} u left join {accounts} a using (account_id)
)"""
"""Unit and circle of each account; accounts of one organisation are one circle."""

SIGNATURES = f"""
with {CIRCLES}, presented as (
  select account_id, signature_presented as entity from {{fingerprints}} where signature_presented is not null
  union all select account_id, unnest(signatures_presented) from {{fingerprints}}
), foreigners as (
  select distinct p.entity from presented p
  semi join {{fingerprints}} f on p.entity = f.signature_issued and p.account_id <> f.account_id
), touched as (
  select c.unit, c.circle, hash_value as entity, presented, sent_us // {{epoch_us}} as epoch, sent_us
  from (
    select account_id, sent_us, signature_issued as hash_value, false as presented from {{fingerprints}}
    union all select account_id, sent_us, signature_presented, true from {{fingerprints}}
    union all select account_id, sent_us, unnest(signatures_presented), true from {{fingerprints}}
  ) join circles c using (account_id) where hash_value in (select entity from foreigners)
), spread as (
  select entity from touched group by 1 having min(circle) <> max(circle) and bool_or(presented)
), issued as (
  select entity, min(circle) as circle from touched semi join spread using (entity) where not presented
  group by 1 having count(distinct unit) = 1
), carried as (
  select distinct entity from touched t join issued i using (entity) where t.presented and t.circle <> i.circle
)
select unit, 'reasoning_signature' as layer, entity, epoch, count(distinct sent_us) as exchanges
from touched semi join carried using (entity) group by 1, 3, 4
"""
"""Most signatures are presented by whom they were issued to, and are put aside first: what is carried was issued to one
account and is presented by another (`foreigners`)."""

CONVERSATIONS = f"""
with {CIRCLES}, touched as (
  select c.unit, c.circle, f.conversation as entity, f.sent_us // {{epoch_us}} as epoch, f.sent_us, f.turn
  from {{fingerprints}} f join circles c using (account_id) where f.conversation is not null
), spread as (select entity from touched group by 1 having min(circle) <> max(circle)),
held as (
  select entity, circle, min(sent_us) as began_us, min(turn) as first_turn
  from touched semi join spread using (entity) group by 1, 2
), opened as (
  select entity, min(began_us) as began_us,
         arg_min(first_turn, (began_us, first_turn)) filter (first_turn is not null) as first_turn
  from held group by 1
), carried as (
  select distinct entity from held join opened o using (entity)
  where held.began_us > o.began_us and held.first_turn > o.first_turn
)
select unit, 'conversation' as layer, entity, epoch, count(*) as exchanges
from touched semi join carried using (entity) group by 1, 3, 4
"""

TRANSFERS = {"reasoning_signature": SIGNATURES, "conversation": CONVERSATIONS}
"""SELECT of the entities of each layer whose entities are handed over, in the columns of `entities`."""
