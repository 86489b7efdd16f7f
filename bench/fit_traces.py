"""Fits token sizes, gaps and turns to recorded traces of two services, and writes the parameters for the range.

The traces stay outside: what is kept is one file of parameters, with the number of requests, the source, its licence
and how far the fitted curve is from the data (Kolmogorov-Smirnov distance). No client is named in the traces;
conversations are put together from shared prefixes of prompts.

`python -m bench.fit_traces --data DIR` writes the file again.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml
from numpy.typing import NDArray
from scipy import optimize, special, stats

Reals = NDArray[np.float64]
Figures = dict[str, Any]
FILE = "dev_load_requests.parquet"
FITTED = Path(__file__).parent.parent / "src" / "hydrometer" / "simulate" / "fitted.yaml"
CODE, CHAT, LONG_CHAT = "azure_2023_code", "azure_2023_conv", "mooncake_conversation"
SOURCES = {
    CODE: {"name": "Azure LLM inference trace 2023, code", "licence": "CC BY 4.0"},
    CHAT: {"name": "Azure LLM inference trace 2023, conversation", "licence": "CC BY 4.0"},
    LONG_CHAT: {"name": "Mooncake trace, conversation", "licence": "Apache-2.0"},
}
BLOCK_TOKENS = 512
SHARED_BLOCKS = 1
"""Every prompt of the trace begins with the same block, so one block in common links nothing."""
FOLLOW_UP_S = 1200.0
"""A conversation ends where nothing follows within this time, and begins where nothing precedes within it."""
TAIL_QUANTILES = (0.8, 0.85, 0.9, 0.95)
AT_LIMIT, MOST_AT_LIMIT = 0.98, 0.01
"""Inputs of at least this part of the longest are taken as cut by the service, if they are more than that share."""
WINDOWS_S = (1, 10, 60)
TICK_S = {LONG_CHAT: 3}
"""Traces whose times are rounded, and to what; narrower windows say nothing."""
NODES = 200
TURN_SCALES: dict[str, dict[str, Callable[[float], float]]] = {
    "geometric": {"go_on": special.expit},
    "negative_binomial": {"size": np.exp, "chance": special.expit},
    "gamma_geometric": {"shape": np.exp, "scale_turns": np.exp},
}
"""Parameters of each family of turns, and how they come back from the whole line."""
DIGITS = 4
HEAD = """\
# Token sizes, gaps and turns fitted to recorded traces. Written by `python -m bench.fit_traces`; do not edit.
# Tokens are tokens of the services' own tokenisers; gaps are seconds from one request to the next of a conversation.
# `ks` is the Kolmogorov-Smirnov distance between the data and the fitted distribution.
"""
NOT_FITTED = [
    "volumes of accounts, times of day, differences between people: the traces name no client and last an hour",
    "gaps of programs: no trace separates programs from people",
    "first turns of azure_2023_conv: its inputs are those of all turns, so they hold history as well",
    "Pareto tails of the azure inputs: both are cut by a limit of the service",
    "conversations whose first input is below 1,024 tokens: their prefix is the block that all prompts share",
    "medians of outputs by kind of prompt: the traces hold no text; the range keeps a median of its own for each kind",
    "the two modes of the outputs of azure_2023_conv, and that inputs of mooncake_conversation begin near 890 tokens",
]


@dataclass(frozen=True, slots=True)
class Trace:
    """One service's requests in the order of time: seconds since its start, tokens, and ids of prompt blocks."""

    sent_s: Reals
    inputs: Reals
    outputs: Reals
    blocks: list[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Chains:
    """Conversations of a trace: the request that each request continues (-1: none), and its conversation's first."""

    parent: NDArray[np.int64]
    root: NDArray[np.int64]


def read(folder: Path) -> dict[str, Trace]:
    """The recorded traces, by source."""
    table = pq.read_table(
        folder / FILE, columns=["source", "offset_s", "input_tokens", "output_tokens", "prefix_blocks"]
    )
    traces = {}
    for source in SOURCES:
        rows = table.filter(pc.equal(table["source"], source)).sort_by("offset_s")
        sent, inputs, outputs = (
            rows[name].to_numpy().astype(np.float64) for name in ("offset_s", "input_tokens", "output_tokens")
        )
        traces[source] = Trace(
            sent, inputs, outputs, [tuple(entry or ()) for entry in rows["prefix_blocks"].to_pylist()]
        )
    return traces


def chains(trace: Trace) -> Chains:
    """Links each request to the latest one that it continues.

    A request continues another if all full blocks of the other's prompt begin its own, and if its input has room for
    the other's input and output. The longest such prompt is taken.
    """
    ended: dict[tuple[int, ...], list[int]] = defaultdict(list)
    parent = np.full(len(trace.inputs), -1)
    root = np.arange(len(parent))
    for number, blocks in enumerate(trace.blocks):
        parent[number] = continued(trace, ended, number)
        if parent[number] >= 0:
            root[number] = root[parent[number]]
        full = int(trace.inputs[number] // BLOCK_TOKENS)
        if full > SHARED_BLOCKS:
            ended[blocks[:full]].append(number)
    return Chains(parent, root)


def continued(trace: Trace, ended: dict[tuple[int, ...], list[int]], number: int) -> int:
    """The request that a request continues, -1 where there is none."""
    blocks = trace.blocks[number]
    for length in range(len(blocks), SHARED_BLOCKS, -1):
        for other in reversed(ended.get(blocks[:length], [])):
            if trace.inputs[other] + trace.outputs[other] <= trace.inputs[number]:
                return other
    return -1


def smallest(loss: Callable[[Reals], float], start: list[float]) -> tuple[Reals, float]:
    """Where a loss is smallest, and its value."""
    found = optimize.minimize(
        loss, start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-6, "maxiter": 5000}
    )
    return found.x, float(found.fun)


def log_normal(values: Reals) -> Figures:
    """Log-normal by maximum likelihood; values that a limit of the service cut count as being at least that large."""
    logs, limit = np.log(values), np.log(values.max() * AT_LIMIT)
    cut = logs >= limit if (logs >= limit).mean() > MOST_AT_LIMIT else np.zeros(len(logs), dtype=bool)

    def loss(x: Reals) -> float:
        whole = stats.norm.logpdf(logs[~cut], x[0], np.exp(x[1])).sum()
        return float(-whole - cut.sum() * stats.norm.logsf(limit, x[0], np.exp(x[1])))

    (centre, log_sigma), _ = smallest(loss, [logs.mean(), np.log(logs.std())])
    sigma = float(np.exp(log_sigma))
    steps = stats.norm.cdf(logs[~cut], centre, sigma) / (stats.norm.cdf(limit, centre, sigma) if cut.any() else 1.0)
    return {
        "median_tokens": float(np.exp(centre)), "sigma": sigma, "n": len(values), "ks": distance(steps),
        "longest_tokens": int(values.max()), "share_at_limit": float(cut.mean()),
    }  # fmt: skip


def distance(uniform: Reals) -> float:
    """Kolmogorov-Smirnov distance of values that would be uniform under the fitted distribution."""
    return float(stats.kstest(uniform, "uniform").statistic)


def body_and_tail(values: Reals) -> Figures:
    """Log-normal body below a threshold, Pareto tail above it (Hill estimate); the quantile whose tail fits best."""
    fits = [spliced(values, float(np.quantile(values, quantile))) for quantile in TAIL_QUANTILES]
    return min(fits, key=lambda fit: float(fit["ks_tail"]))


def spliced(values: Reals, threshold: float) -> Figures:
    """Body and tail at one threshold."""
    tail, logs, edge = values[values > threshold], np.log(values[values <= threshold]), np.log(threshold)
    shape = 1.0 / float(np.log(tail / threshold).mean())

    def loss(x: Reals) -> float:
        inside = stats.norm.logpdf(logs, x[0], np.exp(x[1])) - stats.norm.logcdf(edge, x[0], np.exp(x[1]))
        return float(-inside.sum())

    (centre, log_sigma), _ = smallest(loss, [logs.mean(), np.log(logs.std())])
    sigma, share = float(np.exp(log_sigma)), len(tail) / len(values)
    low = stats.norm.cdf(logs, centre, sigma) / stats.norm.cdf(edge, centre, sigma) * (1.0 - share)
    high = 1.0 - (tail / threshold) ** -shape
    return {
        "median_tokens": float(np.exp(centre)), "sigma": sigma, "n": len(values),
        "tail_from_tokens": threshold, "tail_share": share, "tail_shape": shape, "longest_tokens": int(values.max()),
        "ks": distance(np.concatenate([low, 1.0 - share + high * share])), "ks_tail": distance(high),
    }  # fmt: skip


def gap_fits(trace: Trace, linked: Chains) -> Figures:
    """Weibull, Gamma and log-normal gaps, each cut where the recording ends: a longer one would not have been seen.

    The winner by Akaike's criterion is kept. `between_share` is the part of the variance of log gaps that lies between
    conversations (analysis of variance).
    """
    later = np.flatnonzero(linked.parent >= 0)
    before = linked.parent[later]
    gaps = np.maximum(trace.sent_s[later] - trace.sent_s[before], 1.0)
    room = np.maximum(trace.sent_s.max() - trace.sent_s[before], gaps)
    families = {"weibull": stats.weibull_min, "gamma": stats.gamma, "log_normal": stats.lognorm}
    fits = {name: cut_fit(family, gaps, room) for name, family in families.items()}
    return {
        "kept": min(fits, key=lambda name: float(fits[name]["aic"])),
        **fits,
        "n": len(gaps), "longest_s": float(gaps.max()), "between_share": between(np.log(gaps), linked.root[later]),
    }  # fmt: skip


def cut_fit(family: Any, gaps: Reals, room: Reals) -> Figures:
    """One two-parameter family, each value known to be at most its `room`."""

    def loss(x: Reals) -> float:
        shape, scale = np.exp(x)
        return float(-(family.logpdf(gaps, shape, scale=scale) - family.logcdf(room, shape, scale=scale)).sum())

    found, least = smallest(loss, [0.0, float(np.log(np.median(gaps)))])
    shape, scale = (float(value) for value in np.exp(found))
    steps = family.cdf(gaps, shape, scale=scale) / family.cdf(room, shape, scale=scale)
    return {"shape": shape, "scale_s": scale, "aic": 2.0 * least + 2.0 * len(found), "ks": distance(steps)}


def between(values: Reals, group: NDArray[np.int64]) -> float:
    """Share of the variance that lies between groups: one-way random effects, by analysis of variance."""
    _, where, sizes = np.unique(group, return_inverse=True, return_counts=True)
    means = np.bincount(where, values) / sizes
    inside = float(((values - means[where]) ** 2).sum()) / (len(values) - len(sizes))
    outside = float((sizes * (means - values.mean()) ** 2).sum()) / (len(sizes) - 1)
    typical = (len(values) - (sizes**2).sum() / len(values)) / (len(sizes) - 1)
    extra = max(0.0, (outside - inside) / typical)
    return float(extra / (extra + inside))


def turn_fits(trace: Trace, linked: Chains) -> Figures:
    """Turns of a conversation beyond the first: geometric, negative binomial, or geometric with a Gamma mean.

    Only conversations whose first request had time before it, and could be linked; one that goes on near the end of the
    recording counts as having at least its turns.
    """
    end = trace.sent_s.max()
    last = np.zeros(len(trace.sent_s))
    np.maximum.at(last, linked.root, trace.sent_s)
    first = (linked.parent < 0) & (trace.sent_s >= FOLLOW_UP_S) & (trace.sent_s < end - FOLLOW_UP_S)
    first &= trace.inputs >= (SHARED_BLOCKS + 1) * BLOCK_TOKENS
    more = (np.bincount(linked.root, minlength=len(first))[first] - 1).astype(np.float64)
    going_on = last[first] > end - FOLLOW_UP_S
    families = {"geometric": geometric, "negative_binomial": negative_binomial, "gamma_geometric": gamma_geometric}
    fits = {name: turn_fit(more, going_on, family, len(TURN_SCALES[name])) for name, family in families.items()}
    for name, scales in TURN_SCALES.items():
        values = fits[name].pop("found")
        fits[name] |= {scale: float(back(value)) for (scale, back), value in zip(scales.items(), values, strict=True)}
    kept = min(fits, key=lambda name: float(fits[name]["aic"]))
    return {"kept": kept, **fits, "n": len(more), "share_going_on": float(going_on.mean())}


def survival(more: Reals, going_on: NDArray[np.bool_]) -> Reals:
    """Share of conversations with at least 1, 2 … further turns, by Kaplan and Meier's product."""
    steps = np.arange(more.max() + 1)
    at_risk = np.array([(more > step).sum() + ((more == step) & ~going_on).sum() for step in steps])
    ended = np.array([((more == step) & ~going_on).sum() for step in steps])
    return np.asarray(np.cumprod(1.0 - ended / np.maximum(at_risk, 1)))


def turn_fit(more: Reals, going_on: NDArray[np.bool_], at_least: Callable[[Reals, Reals], Reals], free: int) -> Figures:
    """Parameters (transformed to the whole line), criterion and distance of one family.

    Args:
        more: further turns that were seen.
        going_on: whether there may be yet more.
        at_least: (parameters, further turns) → chance of at least as many.
        free: number of parameters.
    """

    def loss(x: Reals) -> float:
        reach = at_least(x, more)
        chance = np.where(going_on, reach, reach - at_least(x, more + 1.0))
        return float(-np.log(np.maximum(chance, np.finfo(float).tiny)).sum())

    found, least = smallest(loss, [0.0] * free)
    seen = survival(more, going_on)
    apart = np.abs(seen - at_least(found, np.arange(1.0, len(seen) + 1.0))).max()
    return {"found": found, "aic": 2.0 * least + 2.0 * free, "ks": float(apart)}


def geometric(x: Reals, more: Reals) -> Reals:
    """One chance to go on after each turn."""
    return np.asarray(special.expit(x[0]) ** more)


def negative_binomial(x: Reals, more: Reals) -> Reals:
    """Negative binomial further turns."""
    return np.asarray(stats.nbinom.sf(more - 1.0, np.exp(x[0]), special.expit(x[1])))


def gamma_geometric(x: Reals, more: Reals) -> Reals:
    """Geometric further turns whose mean is Gamma distributed between conversations; integrated by quadrature."""
    places, weights = np.polynomial.legendre.leggauss(NODES)
    mean = stats.gamma.ppf((places + 1.0) / 2.0, np.exp(x[0]), scale=np.exp(x[1]))
    return np.asarray((mean / (1.0 + mean)) ** more[:, None] @ (weights / 2.0))


def growth(trace: Trace, linked: Chains) -> Figures:
    """Tokens that a later turn adds beyond the input and output before it: log-normal of those that add any."""
    later = np.flatnonzero(linked.parent >= 0)
    before = linked.parent[later]
    added = trace.inputs[later] - trace.inputs[before] - trace.outputs[before]
    return {**log_normal(added[added > 0]), "share_without": float((added <= 0).mean())}


def arrivals(source: str, trace: Trace) -> Figures:
    """How uneven the whole service's arrivals are: variance over mean of counts, and the shape of Gamma intervals."""
    found: Figures = {"requests": len(trace.sent_s), "seconds": float(trace.sent_s.max())}
    for width in WINDOWS_S:
        if width >= TICK_S.get(source, 0):
            counts = np.bincount((trace.sent_s // width).astype(np.int64))[:-1]
            found[f"dispersion_{width}_s"] = float(counts.var() / counts.mean())
    if source not in TICK_S:
        waits = np.diff(trace.sent_s)
        waits = waits[waits > 0]
        shape, _, _ = stats.gamma.fit(waits, floc=0)
        found |= {"interval_shape": float(shape), "interval_variation": float(waits.std() / waits.mean())}
    return found


def fit(folder: Path) -> Figures:
    """All parameters as they are written."""
    traces = read(folder)
    talk = traces[LONG_CHAT]
    linked = chains(talk)
    firsts = talk.inputs[(linked.parent < 0) & (talk.sent_s >= FOLLOW_UP_S)]
    return {
        "sources": {source: SOURCES[source] | {"n": len(trace.inputs)} for source, trace in traces.items()},
        "output_tokens": {
            "code": {CODE: rounded(log_normal(traces[CODE].outputs))},
            "chat": {source: rounded(log_normal(traces[source].outputs)) for source in (CHAT, LONG_CHAT)},
        },
        "first_input_tokens": {
            "code": {CODE: rounded(log_normal(traces[CODE].inputs))},
            "chat": {CHAT: rounded(log_normal(traces[CHAT].inputs)), LONG_CHAT: rounded(body_and_tail(firsts))},
        },
        "gaps": {"source": LONG_CHAT, **rounded(gap_fits(talk, linked))},
        "turns": {"source": LONG_CHAT, **rounded(turn_fits(talk, linked))},
        "growth_tokens": {"source": LONG_CHAT, **rounded(growth(talk, linked))},
        "arrivals": {source: rounded(arrivals(source, trace)) for source, trace in traces.items()},
        "not_fitted": NOT_FITTED,
    }


def rounded(figures: Figures) -> Figures:
    """The same figures with floats at `DIGITS` significant digits."""
    kept: Figures = {}
    for name, value in figures.items():
        whole = rounded(value) if isinstance(value, dict) else value
        kept[name] = float(f"{value:.{DIGITS}g}") if isinstance(value, float) else whole
    return kept


def main() -> None:
    """Fit, write, and show the comparison of gaps and turns."""
    parser = argparse.ArgumentParser(prog="python -m bench.fit_traces", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help=f"folder with {FILE}")
    parser.add_argument("--out", type=Path, default=FITTED, help="file to write (default: the one that is shipped)")
    words = parser.parse_args()
    if not (words.data / FILE).is_file():
        parser.error(f"{words.data / FILE}: no such file")
    found = fit(words.data)
    words.out.write_text(HEAD + yaml.safe_dump(found, sort_keys=False, width=120), encoding="utf-8")
    for part in ("gaps", "turns"):
        aics = {name: entry["aic"] for name, entry in found[part].items() if isinstance(entry, dict)}
        print(f"{part}: kept {found[part]['kept']}; Akaike's criterion: {aics}")


if __name__ == "__main__":
    main()
