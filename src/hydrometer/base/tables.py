"""Every table of the contract as one Arrow schema: the only place where column names and types are written down.

Rooms meet in these tables and never in each other's code. Times are UTC in microseconds, money is USD, strengths of
evidence are bits; null means "not known", never "no". Source: the contract, sections 1 to 3 (see `docs/tables.md`).
"""

from __future__ import annotations

import pyarrow as pa

TIME = pa.timestamp("us", tz="UTC")
TEXT, INT, REAL, FLAG = pa.string(), pa.int64(), pa.float64(), pa.bool_()
TEXTS = pa.list_(pa.string())
TYPES = {"s": TEXT, "i": INT, "f": REAL, "b": FLAG, "t": TIME, "l": TEXTS}


def schema(columns: str) -> pa.Schema:
    """A schema from `name:type` words; types are s i f b t l, a trailing `!` forbids nulls.

    >>> schema("a:s! b:l").field("a").nullable
    False
    """
    fields = []
    for word in columns.split():
        name, kind = word.split(":")
        fields.append(pa.field(name, TYPES[kind.rstrip("!")], nullable=not kind.endswith("!")))
    return pa.schema(fields)


INPUTS: dict[str, pa.Schema] = {
    "exchanges": schema(
        "exchange_id:s! sent_at:t! account_id:s! organization_id:s api_key_id:s end_user_id:s pathway:s operation:s "
        "conversation_id:s turn:i request_model:s response_model:s system_instructions:s prompt:s response:s "
        "reasoning_signature_in:s reasoning_signatures_in:l input_modalities:l output_modalities:l "
        "reasoning_signature_out:s tools:l tool_results:i input_tokens:i output_tokens:i reasoning_tokens:i "
        "cached_tokens:i temperature:f top_p:f max_tokens:i choices:i thinking_budget:i stream:b client_ip:s asn:i "
        "country:s user_agent:s ja4:s header_shape:s status:i finish_reason:s latency_ms:f cost_usd:f"
    ),
    "accounts": schema(
        "account_id:s! organization_id:s created_at:t closed_at:t close_reason:s signup_ip:s signup_country:s "
        "billing_country:s phone_country:s kyc_country:s email_domain:s email_shape:s payment_fingerprint:s "
        "payment_issuer:s plan:s programme:s verification:s owner:s"
    ),
    "releases": schema("model:s! released_at:t! family:s"),
    "enforcement": schema("account_id:s! acted_at:t! action:s! reason:s"),
    "terms": schema("version:s! clause:s! sha256:s effective_at:t"),
    "acceptances": schema("account_id:s! version:s! accepted_at:t!"),
    "actor_timeline": schema("actor:s! event:s! happened_at:t! source:s"),
}
"""Canonical traffic; `exchanges` is the only table that must be there. `actor_timeline` is the file `timeline`."""

OUTPUTS: dict[str, pa.Schema] = {
    "campaigns": schema(
        "campaign_id:s! operator_id:s rank:i! kind:s! level:s! q_value:f! operator_bits:f extraction_bits:f benign_p:f "
        "posterior:f! accounts:i! exchanges:f! input_tokens:f output_tokens:f usd:f first_seen:t! last_seen:t! "
        "detectable_at:t capabilities:l! techniques:l! pivot_at:t innocent_explanation:s summary:s"
    ),
    "members": schema(
        "campaign_id:s! account_id:s! role:s! probability:f! share:f share_low:f share_high:f because:s!"
    ),
    "operators": schema("operator_id:s! account_id:s! probability:f!"),
    "attributed": schema("exchange_id:s! campaign_id:s! probability:f!"),
    "evidence": schema(
        "campaign_id:s! account_id:s hypothesis:s! signal:s! family:s value:f unit:s n:i null_model:s stratum:s "
        "empirical_bits:f model_bits:f bits:f statement:s"
    ),
    "links": schema("campaign_id:s! account_a:s! account_b:s! layer:s! family:s! bits:f! statement:s!"),
    "timeline": schema("campaign_id:s! hour:t! exchanges:f! output_tokens:f accounts:i! new_accounts:i! event:s"),
    "templates": schema(
        "campaign_id:s! template_id:s! masked:s exchanges:i! accounts:i! distinct_items:i! share:f! techniques:l!"
    ),
    "facts": schema(
        "campaign_id:s! account_id:s section:s! position:i! fact:s! subject:s clause:s state:s value:f low:f high:f "
        "unit:s n:i p_value:f p_floor:f starts_at:t ends_at:t status:s! null_model:s method:s source:s limits:s "
        "rows_table:s rows:i statement:s!"
    ),
    "rejects": schema("source:s! position:i! reason:s! sha256:s"),
}
"""A run folder's tables. `templates.distinct_items` counts distinct prompts; `timeline.event`: bans and releases."""

TRUTH: dict[str, pa.Schema] = {
    "accounts": schema("account_id:s! archetype:s! operator_id:s! campaign_id:s role:s"),
    "exchanges": schema("exchange_id:s! campaign_id:s!"),
    "campaigns": schema(
        "campaign_id:s! preset:s! kind:s! capabilities:l! started_at:t! ended_at:t! pivot_at:t actor:s"
    ),
    "memberships": schema("account_id:s! campaign_id:s! role:s! share:f!"),
}
"""Ground truth of a simulated world; `scan` refuses to read it."""

RUN_SCHEMA_VERSION = "1"
"""Form of a run folder; another one is not read. Columns and entries may be added within one form."""
KINDS = ("distillation", "resale", "pool", "stolen_keys", "authorised", "benign", "unexplained")
LEVELS = ("confirmed", "suspected", "insufficient", "benign", "authorised")
LISTED_LEVELS = ("confirmed", "suspected")
ROLES = ("operator", "victim", "customer")
HYPOTHESES = ("H1", "H2", "H3", "H4")
FACT_SECTIONS = ("capabilities", "pivot", "lifecycle", "roadmap", "terms", "region", "impact", "factors")
"""Sections of `facts`, in the order in which a case is told."""
FACT_STATES = ("met", "not met", "unknown")
"""Whether a rule's condition holds; null where a fact is no rule."""
FACT_STATUSES = ("observed", "inferred", "alleged", "adjudicated")
"""Counted in the log, worked out from it, said by others, decided by a court or an authority."""


def conform(table: pa.Table, target: pa.Schema) -> pa.Table:
    """`table` with exactly the columns and types of `target`; a missing column becomes null, an extra one is dropped.

    >>> conform(pa.table({"model": ["m"], "x": [1]}), schema("model:s family:s")).to_pylist()
    [{'model': 'm', 'family': None}]
    """
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in target
    ]
    return pa.table(columns, schema=target)


def from_rows(rows: list[dict[str, object]], target: pa.Schema) -> pa.Table:
    """A table of `target` from dictionaries; keys that `target` lacks are an error, missing ones are null."""
    strangers = {key for row in rows for key in row} - set(target.names)
    if strangers:
        raise KeyError(f"columns that the table does not have: {sorted(strangers)}")
    return pa.Table.from_pylist(rows, schema=target)
