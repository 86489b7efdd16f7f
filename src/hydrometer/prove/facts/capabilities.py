"""What a group is after: a ranked list of capabilities, each with its share, interval and concentration.

A capability is seen in the wording (mask `targets`, and the techniques that elicit it) or in the shape of the request
(pictures, sound, screens, tools, long sessions). The share is that of the group's exchanges; its interval counts
accounts, not exchanges, since an account's exchanges are alike. It is compared with the mean share of benign operators
of the same kinds of client, in the group's own mix of clients, so that a group of editor users is compared with editor
users. What neither wording nor shape can show is said to be unobservable.
Source: mission table, row 19; `statistics.md` section 11 (peers of the same client).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.contract_sums import CAPABILITIES
from hydrometer.base.units import decide
from hydrometer.prove.fact import INFERRED, Fact, percent, plural, unknown
from hydrometer.prove.subject import Subject, Surroundings

ELICITED = {
    "reasoning": ("cot_elicitation", "cot_after_the_fact", "forced_tags", "fake_debug", "language_coercion"),
    "grading": ("rubric_grading", "pairwise_judging"),
    "rewriting": ("trace_cleaning", "censorship_rewriting"),
    "general_instruction": ("synthetic_instructions",),
    "agentic_reasoning": ("agentic_coding",),
    "coding": ("agentic_coding",),
}
"""Capability → techniques that aim at nothing else."""
LONG_TURN = 10
"""Turn of a conversation from which it counts as long."""
SHAPES = {
    "vision": (("input_modalities",), "list_has_any(x.input_modalities, ['image', 'video'])"),
    "audio": (
        ("input_modalities", "output_modalities"),
        "coalesce(list_contains(x.input_modalities, 'audio'), false) or list_contains(x.output_modalities, 'audio')",
    ),
    "image_generation": (("output_modalities",), "list_contains(x.output_modalities, 'image')"),
    "video_generation": (("output_modalities",), "list_contains(x.output_modalities, 'video')"),
    "computer_use": (("input_modalities",), "list_contains(x.input_modalities, 'screen')"),
    "tool_use": (("tool_results",), "x.tool_results > 0"),
    "agentic_reasoning": (("tools",), "len(x.tools) >= 2 and x.turn >= 2"),
    "long_horizon": (("turn",), f"x.turn >= {LONG_TURN}"),
}
"""Capability → columns of `exchanges` that can show it, and the condition."""
PEER_EXCHANGES = 20
"""Exchanges that a peer must have for its shares to count in a rank."""
TARGET_SHARE, TARGET_LIFT = 0.05, 1.5
"""A capability is a target from this share, and this many times the peers' share."""
SPARE_LIFT = 0.5
"""Added to numerator and denominator of a lift in units of one exchange in the group, so that no lift is infinite."""
Z95 = 1.959964
"""Two-sided 95 % quantile of the normal distribution."""
SOURCE = "prompt, system_instructions, modalities, tools, turn"
LIMITS = "The wording of a request shows what it asks for, not what the answers were used for."


@dataclass(frozen=True, slots=True)
class Aim:
    """One capability of a group.

    Attributes:
        name: word of the contract.
        share: of the group's exchanges.
        low, high: 95 % interval over accounts.
        peers: mean share of peers in the group's mix of clients; None without peers.
        p_value: rank of the group among peers of its kinds of client; None without peers.
        accounts: members that show it.
        exchanges: exchanges of the group, by probability, that show it.
    """

    name: str
    share: float
    low: float
    high: float
    peers: float | None
    p_value: float | None
    accounts: int
    exchanges: float

    @property
    def is_target(self) -> bool:
        """Whether the group aims at it: often enough, and more often than its peers do."""
        return decide(self.share) >= decide(max(TARGET_SHARE, TARGET_LIFT * (self.peers or 0.0)))


def observable(around: Surroundings) -> dict[str, str]:
    """Capability → condition on `f` (fingerprints) and `x` (exchanges), for those that this log can show."""
    text = {"prompt", "system_instructions"} - around.absent
    conditions: dict[str, list[str]] = {}
    if text:
        for bit, name in enumerate(around.words.targets):
            conditions.setdefault(name, []).append(f"f.targets & {1 << bit} <> 0")
        for name, techniques in ELICITED.items():
            mask = sum(1 << around.words.techniques.index(one) for one in techniques if one in around.words.techniques)
            if mask:
                conditions.setdefault(name, []).append(f"f.techniques & {mask} <> 0")
    for name, (columns, condition) in SHAPES.items():
        if not set(columns) <= around.absent:
            conditions.setdefault(name, []).append(f"coalesce({condition}, false)")
    return {name: " or ".join(f"({one})" for one in conditions[name]) for name in sorted(conditions)}


def shaped(around: Surroundings) -> str:
    """SELECT of the exchanges whose shape shows any capability, with the columns that show it; most show none."""
    seen = [(columns, condition) for columns, condition in SHAPES.values() if not set(columns) <= around.absent]
    names = sorted({"exchange_id", "turn", *(column for columns, _ in seen for column in columns)})
    shown = " or ".join(f"({condition})" for _, condition in seen) or "false"
    return f"select {', '.join(names)} from {{exchanges}} x where {shown}"


def unit_counts(around: Surroundings) -> pa.Table:
    """Per unit: exchanges `n` and, for each observable capability, how many aim at it; by unit, worked out once."""
    if "aims" not in around.kept:
        counts = "".join(f', count(*) filter ({test}) as "{name}"' for name, test in observable(around).items())
        around.kept["aims"] = around.workspace.query(
            f"select u.unit, count(*) as n{counts} from {{fingerprints}} f join {{units}} u using (account_id) "
            f"left join ({shaped(around)}) x using (exchange_id) group by 1 order by 1"
        )
    found: pa.Table = around.kept["aims"]
    return found


def account_counts(subject: Subject) -> pa.Table:
    """Per member with attributed exchanges: `n` and each capability, in millionths of exchanges; by account."""
    sums = "".join(
        f', coalesce(sum(p.millionths) filter ({test}), 0)::double as "{name}"'
        for name, test in observable(subject.around).items()
    )
    return subject.workspace.query(
        f"select p.account_id, sum(p.millionths)::double as n{sums} from part p "
        "join {traffic} f using (exchange_id) join {requests} x using (exchange_id) group by 1 order by 1",
        part=subject.part.select(["exchange_id", "account_id", "millionths"]),
    )


def ratio_interval(shown: NDArray[np.float64], whole: NDArray[np.float64]) -> tuple[float, float, float]:
    """Share Σ shown / Σ whole over accounts with a 95 % interval that counts accounts.

    Args:
        shown: shape (k,), exchanges of each account that show it.
        whole: shape (k,), exchanges of each account.

    Returns:
        share, low, high; the whole unit interval from fewer than two accounts.

    >>> [round(one, 3) for one in ratio_interval(np.array([5.0, 7, 6, 6]), np.array([10.0, 10, 10, 10]))]
    [0.6, 0.52, 0.68]
    """
    total = float(whole.sum())
    if total <= 0.0:
        return 0.0, 0.0, 1.0
    share = float(shown.sum()) / total
    count = len(whole)
    if count < 2:
        return share, 0.0, 1.0
    residual = shown - share * whole
    spread = float(np.sqrt(count / (count - 1) * (residual**2).sum())) / total
    floor = 1.0 / (count + 2) if spread == 0.0 else 0.0  # no account differs: as good as the rule of succession says
    half = max(Z95 * spread, floor)
    return share, max(0.0, share - half), min(1.0, share + half)


@dataclass(frozen=True, slots=True)
class Peers:
    """Peers of a group.

    Attributes:
        client: shape (m,), kind of client.
        n: shape (m,), exchanges.
        weight: kind of client → share of the group's exchanges that use it.
        rows: shape (m,), rows of `unit_counts`.
    """

    client: NDArray[np.object_]
    n: NDArray[np.float64]
    weight: dict[str, float]
    rows: NDArray[np.int64]

    @property
    def alike(self) -> NDArray[np.bool_]:
        """Shape (m,), those with enough exchanges that use a kind of client that the group uses much."""
        usual = np.isin(self.client, [kind for kind, weight in self.weight.items() if weight >= TARGET_SHARE])
        result: NDArray[np.bool_] = usual & (self.n >= PEER_EXCHANGES)
        return result

    def mean(self, counts: NDArray[np.float64]) -> float | None:
        """Mean share of peers in the group's mix of clients; `counts` has shape (m,). None without peers."""
        shares = counts / self.n
        parts = [(weight, shares[self.client == kind]) for kind, weight in sorted(self.weight.items())]
        known = [(weight, float(values.mean())) for weight, values in parts if len(values)]
        total = sum(weight for weight, _ in known)
        return sum(weight * value for weight, value in known) / total if total > 0.0 else None

    def ranked(self, counts: NDArray[np.float64], share: float) -> tuple[float | None, int]:
        """(p of a peer's share being at least `share`, number of peers), among the group's kinds of client."""
        chosen = self.alike
        count = int(chosen.sum())
        if not count:
            return None, 0
        above = int((np.round(counts[chosen] / self.n[chosen], 9) >= round(share, 9)).sum())
        return (1 + above) / (count + 1), count


def peers_of(subject: Subject) -> Peers:
    """Units outside every listed group, with the group's own mix of kinds of client."""
    table = unit_counts(subject.around)
    units = table["unit"].to_numpy()
    client = np.asarray(subject.around.clients["client_type"].to_numpy(zero_copy_only=False), dtype=object)
    where = subject.around.clients["unit"].to_numpy()
    kind = np.full(int(max(units.max(initial=-1), where.max(initial=-1))) + 1, "?", dtype=object)
    kind[where] = client
    outside = ~np.isin(units, subject.around.listed)
    mix = subject.workspace.query(
        "select coalesce(f.client_type, '?') as kind, sum(p.millionths)::double as n from part p "
        "join {traffic} f using (exchange_id) group by 1 order by 1",
        part=subject.part.select(["exchange_id", "millionths"]),
    ).to_pylist()
    total = sum(row["n"] for row in mix) or 1.0
    return Peers(
        kind[units[outside]], table["n"].to_numpy()[outside].astype(np.float64),
        {row["kind"]: row["n"] / total for row in mix}, np.flatnonzero(outside),
    )  # fmt: skip


def aims(subject: Subject) -> list[Aim]:
    """All observable capabilities of the group, targets first, the most concentrated first; cached on the subject.

    Targets are ordered by how much more of the group's traffic they are than of its peers', so that what everybody asks
    for does not lead the list.
    """
    if "aims" in subject.notes:
        known: list[Aim] = subject.notes["aims"]
        return known
    own, everybody, peers = account_counts(subject), unit_counts(subject.around), peers_of(subject)
    whole = own["n"].to_numpy()
    found = []
    for name in observable(subject.around):
        shown = own[name].to_numpy()
        share, low, high = ratio_interval(shown, whole)
        counts = everybody[name].to_numpy()[peers.rows].astype(np.float64)
        p_value, _ = peers.ranked(counts, share)
        found.append(
            Aim(name, share, low, high, peers.mean(counts), p_value, int((shown > 0).sum()), float(shown.sum()) / 1e6)
        )
    found.sort(key=lambda aim: (not aim.is_target, -round(aim.share - (aim.peers or 0.0), 9), aim.name))
    subject.notes["aims"] = found
    return found


def targets(subject: Subject) -> list[str]:
    """Capabilities that the group goes after, most targeted first (`campaigns.capabilities`)."""
    return [aim.name for aim in aims(subject) if aim.is_target]


def facts(subject: Subject) -> list[Fact]:
    """Rows of the section `capabilities`: focus first, then each capability by rank, then what cannot be seen."""
    found, peers = aims(subject), peers_of(subject)
    _, count = peers.ranked(np.zeros(len(peers.n)), 0.0)
    if not found:
        return [unknown("targets", "The log has neither texts nor shapes of requests that could show an aim.")]
    rows = [_focus(subject, found, peers)]
    rows += [_said(aim, rank, count, len(subject.part)) for rank, aim in enumerate(found, start=1) if aim.exchanges > 0]
    unseen = sorted(CAPABILITIES - set(observable(subject.around)))
    absent = [aim.name for aim in found if aim.exchanges == 0]
    if absent:
        rows.append(
            Fact(
                fact="not_asked_for", statement=f"No exchange shows an aim at {_listed(absent)}.", source=SOURCE,
                rows_table="attributed", rows=len(subject.part), limits=LIMITS,
            )
        )  # fmt: skip
    if unseen:
        rows.append(unknown("unobservable", f"This log cannot show an aim at {_listed(unseen)}.", source=SOURCE))
    return rows


def _said(aim: Aim, rank: int, peers: int, rows: int) -> Fact:
    lift = None if aim.peers is None else aim.share / max(aim.peers, SPARE_LIFT / max(aim.exchanges, 1.0))
    beside = (
        "no benign operator with the same kinds of client is there to compare with"
        if aim.peers is None
        else f"{percent(aim.peers)} for benign operators with the same kinds of client ({lift:.1f} times)"
    )
    return Fact(
        fact="target" if aim.is_target else "capability_share", subject=aim.name, status=INFERRED,
        value=aim.share, low=aim.low, high=aim.high,
        unit="share of exchanges", n=aim.accounts, p_value=aim.p_value,
        p_floor=1.0 / (peers + 1) if peers else None,
        null_model="a benign operator whose clients are of the same kinds",
        method=f"rank {rank}; interval over accounts; a target from {percent(TARGET_SHARE)} of the exchanges and "
        f"{TARGET_LIFT:g} times the mean of benign operators; p is the group's rank among those with at least "
        f"{PEER_EXCHANGES} exchanges",
        source=SOURCE, limits=LIMITS, rows_table="attributed", rows=rows,
        statement=f"{percent(aim.share)} of the exchanges ({percent(aim.low)} to {percent(aim.high)}, over "
        f"{plural(aim.accounts, 'account')}) aim at {aim.name.replace('_', ' ')}, beside {beside}.",
    )  # fmt: skip


def _focus(subject: Subject, found: list[Aim], peers: Peers) -> Fact:
    """Effective number of capabilities, beside that of peers: how narrow the interest is."""
    own = effective_number(np.array([[aim.exchanges for aim in found]]))[0]
    table = unit_counts(subject.around)
    counts = np.column_stack([table[aim.name].to_numpy()[peers.rows] for aim in found]).astype(np.float64)
    others = effective_number(counts[peers.alike & (counts.sum(axis=1) > 0)])
    below = int((np.round(others, 9) <= round(own, 9)).sum())
    p_value = (1 + below) / (len(others) + 1) if len(others) else None
    beside = (
        f"; the median of {plural(len(others), 'benign operator')} is {float(np.median(others)):.1f}"
        if len(others)
        else ""
    )
    return Fact(
        fact="focus", status=INFERRED, value=float(own), unit="effective number of capabilities", n=len(others),
        p_value=p_value, p_floor=1.0 / (len(others) + 1) if len(others) else None,
        null_model="a benign operator whose clients are of the same kinds",
        method="exponential of the entropy of the capabilities' shares; p is the rank from below",
        source=SOURCE, rows_table="attributed", rows=len(subject.part),
        limits="A narrow interest is common among single-purpose programs; it is no sign of a campaign by itself.",
        statement=f"The group's requests are spread over {float(own):.1f} capabilities in effect{beside}.",
    )  # fmt: skip


def effective_number(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """exp(entropy) of each row; 1 = one capability alone, 0 = none.

    >>> effective_number(np.array([[4.0, 4.0, 0.0], [3.0, 0.0, 0.0]])).round(6).tolist()
    [2.0, 1.0]
    """
    total = counts.sum(axis=1, keepdims=True)
    share = counts / np.where(total > 0.0, total, 1.0)
    entropy = -np.where(share > 0.0, share * np.log(np.where(share > 0.0, share, 1.0)), 0.0).sum(axis=1)
    result: NDArray[np.float64] = np.where(total[:, 0] > 0.0, np.exp(entropy), 0.0)
    return result


def _listed(names: list[str]) -> str:
    """Words in a row, as a sentence says them."""
    words = [name.replace("_", " ") for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
