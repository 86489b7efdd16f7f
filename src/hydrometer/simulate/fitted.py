"""Draws token sizes, gaps and turns from what was fitted to recorded traces (`fitted.yaml`).

Medians of answers differ by kind of prompt and are the range's own; how widely sizes and waits scatter is measured.
Sources, sample sizes and distances of the fits are in the file, and so is what no trace could tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy import special

from hydrometer.base.errors import BugError
from hydrometer.simulate.world import Array

_FILE = Path(__file__).parent / "fitted.yaml"
CODE_USE, CHAT_USE = "code", "chat"
CODE_KINDS = frozenset(
    "code_fix code_write code_harvest kernel_ask kernel_harvest agent agent_harvest session_replay tool".split()
)
"""Kinds of prompt whose sizes are those of the traces' use `code`; all others are `chat`."""
_OTHER_SIGMA = {CODE_USE: 0.73, CHAT_USE: 0.73}
"""Spread of log output tokens that accounts, medians of kinds and thinking bring by themselves (worlds demo, null)."""


@dataclass(frozen=True, slots=True)
class InputSize:
    """First inputs of one service in tokens: log-normal, above `tail_from` Pareto where the data have such a tail."""

    median: float
    sigma: float
    longest: float
    tail_from: float = np.inf
    tail_share: float = 0.0
    tail_shape: float = 1.0

    def quantile(self, uniform: Array) -> Array:
        """Tokens at each probability."""
        body_share = 1.0 - self.tail_share
        edge = special.ndtr((np.log(self.tail_from) - np.log(self.median)) / self.sigma)
        inside = np.minimum(uniform / body_share, 1.0 - 1e-12) * edge
        body = self.median * np.exp(self.sigma * special.ndtri(np.clip(inside, 1e-12, 1.0 - 1e-12)))
        beyond = np.maximum(uniform - body_share, 0.0) / max(self.tail_share, 1e-12)
        tail = np.minimum(self.tail_from, self.longest) * np.maximum(1.0 - beyond, 1e-12) ** (-1.0 / self.tail_shape)
        return np.asarray(np.clip(np.where(uniform < body_share, body, tail), 1.0, self.longest))


@dataclass(frozen=True, slots=True)
class GapShape:
    """Gaps between turns: a family with shape and scale (seconds), and the share of variance between conversations."""

    family: str
    shape: float
    scale_s: float
    between_share: float
    longest_s: float

    def at(self, normal: Array) -> Array:
        """Seconds at each standard normal score.

        Raises:
            BugError: the file keeps a family that is not known here.
        """
        if self.family == "log_normal":
            return np.asarray(self.scale_s * np.exp(self.shape * normal))
        if self.family == "weibull":
            return np.asarray(self.scale_s * (-special.log_ndtr(-normal)) ** (1.0 / self.shape))
        if self.family == "gamma":
            return np.asarray(self.scale_s * special.gammaincinv(self.shape, special.ndtr(normal)))
        raise BugError(str(_FILE), self.family, "log_normal, weibull or gamma", "fit again with the shipped script")


@dataclass(frozen=True, slots=True)
class TurnShape:
    """Further turns of a conversation are geometric; their mean is Gamma distributed with this shape and scale."""

    shape: float
    scale: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """All fitted parameters that the range draws from.

    Attributes:
        output_sigma: use → spread of log output tokens, over the services of that use (root mean square).
        first_inputs: use → first inputs of each service; each has the same share of the conversations.
        gaps: between the turns of a person.
        turns: of a conversation.
    """

    output_sigma: dict[str, float]
    first_inputs: dict[str, tuple[InputSize, ...]]
    gaps: GapShape
    turns: TurnShape


def _input_size(entry: dict[str, float]) -> InputSize:
    """One service's first inputs."""
    tail = {name: entry[f"{name}_tokens" if name == "tail_from" else name] for name in _TAIL if "tail_share" in entry}
    return InputSize(entry["median_tokens"], entry["sigma"], entry["longest_tokens"], **tail)


_TAIL = ("tail_from", "tail_share", "tail_shape")


@lru_cache
def fitted() -> Fitted:
    """The parameters of `fitted.yaml`."""
    document: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    outputs, inputs, gaps = document["output_tokens"], document["first_input_tokens"], document["gaps"]
    kept, turns = gaps[gaps["kept"]], document["turns"]["gamma_geometric"]
    return Fitted(
        {use: float(np.sqrt(np.mean([one["sigma"] ** 2 for one in by.values()]))) for use, by in outputs.items()},
        {use: tuple(_input_size(one) for one in by.values()) for use, by in inputs.items()},
        GapShape(gaps["kept"], kept["shape"], kept["scale_s"], gaps["between_share"], gaps["longest_s"]),
        TurnShape(turns["shape"], turns["scale_turns"]),
    )


def is_code(kinds: tuple[str, ...]) -> Array:
    """Whether each kind of prompt has the sizes of the use `code`."""
    return np.array([kind in CODE_KINDS for kind in kinds])


def output_spread(use: str) -> float:
    """Standard deviation of log output tokens of a use, `code` or `chat`."""
    return fitted().output_sigma[use]


def kind_spreads(kinds: tuple[str, ...], spreads: Array) -> Array:
    """Spread of log output tokens inside each kind, so that a whole use scatters as the traces do.

    Args:
        kinds: names of kinds.
        spreads: how widely each scatters in proportion to the others.
    """
    result = np.asarray(spreads, dtype=float).copy()
    code = is_code(kinds)
    for use, rows in ((CODE_USE, code), (CHAT_USE, ~code)):
        left = max(output_spread(use) ** 2 - _OTHER_SIGMA[use] ** 2, 0.0)
        result[rows] *= np.sqrt(left / np.mean(result[rows] ** 2)) if rows.any() else 1.0
    return result


def first_input_tokens(code: Array, draw: np.random.Generator) -> Array:
    """Input tokens of the first request of each conversation: words, documents and instructions together.

    Args:
        code: whether it is a conversation about code, shape (conversations,).
        draw: random numbers of this cohort.
    """
    service, uniform = draw.random(len(code)), draw.random(len(code))
    tokens = np.ones(len(code))
    for use, rows in ((CODE_USE, code), (CHAT_USE, ~code)):
        sizes = fitted().first_inputs[use]
        which = (service * len(sizes)).astype(np.int64)
        for number, size in enumerate(sizes):
            here = np.flatnonzero(rows & (which == number))
            tokens[here] = size.quantile(uniform[here])
    return tokens.astype(np.int64)


def gaps_s(conversation: Array, draw: np.random.Generator) -> Array:
    """Seconds before each turn of a person; conversations differ in pace.

    Args:
        conversation: number of each turn's conversation, from 0 without holes.
        draw: random numbers of this cohort.
    """
    shape = fitted().gaps
    pace = draw.standard_normal(int(conversation.max(initial=-1)) + 1)[conversation]
    own = draw.standard_normal(len(conversation))
    mixed = np.sqrt(shape.between_share) * pace + np.sqrt(1.0 - shape.between_share) * own
    return np.minimum(shape.at(mixed), shape.longest_s)


def turns(size: int, draw: np.random.Generator) -> Array:
    """Mean number of turns of the conversations of each of `size` people."""
    return 1.0 + draw.gamma(fitted().turns.shape, fitted().turns.scale, size)
