"""Which of a provider's accounts are benign operators, and how each of them works: what a calibration is made of.

An operator is known to be benign where a verified legal entity stands openly behind its accounts, or where a person
cleared them as one case (the case wins: somebody looked at these accounts together). One account that is part of a
campaign, or of which nobody is sure, puts the whole operator in doubt; a victim's account and one that may build data
sets are left out alone. As in the shipped library each account is a unit of its own: an operator who has not declared
himself works as one who has. Source: `statistics.md` section 3.3; the contract, section 4 (`calibrate`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.cases import OwnOperators
from hydrometer.base.population import LAST_OF_ALL
from hydrometer.base.workspace import Workspace
from hydrometer.prove.forms import FORM_FIGURES, forms
from hydrometer.prove.metadata import metadata, prompts_known
from hydrometer.prove.profile import FIGURES, profiles
from hydrometer.prove.reference import ACCOUNTS_MIN, ITEMS_MIN, most_telling, reference

CLEARED_CASE, VERIFIED_OWNER = "own_cleared_case", "own_verified_owner"
"""Kinds of own operators."""
IN_DOUBT, TOO_FEW_ACCOUNTS, TOO_FEW_PROMPTS = "in_doubt", "too_few_accounts", "too_few_prompts"
"""Why an operator is left out."""
SAME = 0.95
"""Share of an organisation's accounts that must be verified, as where a declared owner explains a group."""
KNOWN = pa.schema([
    ("account_id", pa.string()), ("case_id", pa.string()), ("known_us", pa.int64()), ("doubted", pa.bool_()),
    ("apart", pa.bool_()),
])  # fmt: skip
"""What is known of single accounts: the case that cleared one, since when, whether it puts its operator in doubt, and
whether it is left out alone."""
UNITS = """
select account_id, dense_rank() over (order by account_id) - 1 as unit
from (select distinct account_id from {fingerprints})
"""
OPERATORS = f"""
with verified as (
  select organization_id from {{accounts}} where organization_id is not null group by 1
  having count(*) filter (verification in ('id', 'business')) >= {SAME} * count(*)
), keyed as (
  select u.unit, k.known_us, coalesce(k.doubted, false) as doubted, coalesce(k.apart, false) as apart,
         case when k.case_id is not null then 'c:' || k.case_id when a.owner is not null then 'o:' || a.owner
              when v.organization_id is not null then 'v:' || v.organization_id end as operator
  from {{units}} u join {{accounts}} a using (account_id) left join verified v using (organization_id)
  left join known k using (account_id)
), last as (
  select unit, max(sent_us) as last_us from {{fingerprints}} join {{units}} using (account_id) group by 1
)
select left(operator, 1) = 'c' as cleared, bool_or(doubted) as doubted,
       coalesce(list(unit order by unit) filter (not apart), []) as units,
       max(greatest(last_us, coalesce(known_us, 0))) filter (not apart) as known_us
from keyed join last using (unit) where operator is not null group by operator order by operator
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Own operators, and how many were left out for which reason."""

    own: OwnOperators
    left_out: dict[str, int]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Operators before they are measured: units, kinds and the moment from which each is known."""

    units: list[NDArray[np.int64]]
    kinds: list[str]
    known_us: NDArray[np.int64]

    def of(self, rows: NDArray[np.bool_]) -> Chosen:
        """Some of them."""
        places = np.flatnonzero(rows).tolist()
        return Chosen(
            [self.units[place] for place in places], [self.kinds[place] for place in places], self.known_us[rows]
        )


def measure(workspace: Workspace, known: pa.Table) -> Measured:
    """Find and measure the benign operators of some traffic.

    Args:
        workspace: holds `accounts` and `fingerprints`; its table `units` is written anew, one unit an account.
        known: what is known of single accounts (`KNOWN`), one row an account.
    """
    workspace.store("units", UNITS)
    found = workspace.query(OPERATORS, known=known).to_pylist()
    sure = [row for row in found if not row["doubted"]]
    large = [row for row in sure if len(row["units"]) >= ACCOUNTS_MIN]
    chosen = Chosen(
        [np.array(row["units"], np.int64) for row in large],
        [CLEARED_CASE if row["cleared"] else VERIFIED_OWNER for row in large],
        np.array([row["known_us"] for row in large], np.int64),
    )
    bare, exchanges, accounts = metadata(workspace, chosen.units, LAST_OF_ALL)
    read = prompts_known(workspace)
    worked = profiles(workspace, chosen.units, LAST_OF_ALL)
    broad = (worked.accounts if read else accounts) >= ACCOUNTS_MIN
    kept = broad & ((worked.items if read else exchanges) >= ITEMS_MIN)
    left_out = {
        IN_DOUBT: len(found) - len(sure),
        TOO_FEW_ACCOUNTS: len(sure) - len(large) + int((~broad).sum()),
        TOO_FEW_PROMPTS: int((broad & ~kept).sum()),
    }
    stay = chosen.of(kept)
    values = worked.values[kept] if read else np.full((len(stay.units), len(FIGURES)), np.nan)
    forms_of = telling_forms(workspace, stay.units)
    own = OwnOperators(tuple(stay.kinds), values, forms_of, stay.known_us, bare[kept])
    return Measured(own, left_out)


def telling_forms(workspace: Workspace, members: list[NDArray[np.int64]]) -> NDArray[np.float64]:
    """Figures of each operator's most telling form, NaN where it has none; shape (n, figures)."""
    used, form = forms(workspace, members, LAST_OF_ALL), reference().form
    result = np.full((len(members), len(FORM_FIGURES)), np.nan)
    for number in range(len(members)):
        own = used.of(number)
        if len(own):
            result[number] = own[most_telling(form, own)]
    return result
