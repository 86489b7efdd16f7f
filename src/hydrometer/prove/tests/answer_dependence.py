"""H2, exonerating: does the next prompt react to the answer before it, as it does when a person uses the answers?

Ranks of prompt and answer lengths per account, each regressed on the prompt's own length; the correlation of the
residuals is 0 for a work list that is read out and positive for talk. A small effect supports harvesting by less than
2 bits, a clear one counts against it. Only prompts that carry the evidence (those that show a technique) are looked at:
the talk that a campaign mixes in as cover must not acquit its harvest. Traffic of depth one says nothing: it abstains.
Source: `statistics.md` section 6 (generalised covariance measure, likelihood ratio and its ceiling).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.cases import Case, Evidence, Finding, Test
from hydrometer.base.units import bits

PAIRS = """
select account_id, words, output_tokens, next_words from (
  select f.account_id, f.words, f.output_tokens, f.techniques,
         lead(f.words) over (
           partition by f.account_id, f.conversation order by f.turn, f.sent_us, f.exchange_id
         ) as next_words
  from {traffic} f join {units} u using (account_id) join members m using (unit)
  where f.conversation is not null and f.turn is not null and f.words > 0 and f.sent_us // {epoch_us} <= $last
) where next_words is not null and output_tokens is not null and techniques <> 0
order by account_id, words, output_tokens, next_words
"""
PAIRS_MIN = 8
"""Pairs of turns that an account must have."""
ACCOUNTS_MIN = 3
BENIGN_WITHOUT_REACTION = 0.3
"""π₀: share of benign operators whose prompts do not react either (batch customers); evidence ends at 1.7 bits."""
HARVEST_SD, USE_MEAN, USE_SD = 0.02, 0.25, 0.1
"""Effect sizes: N(0, .02²) when harvesting, N(.25, .1²) when used."""


def covariance_measure(
    words: NDArray[np.float64], answers: NDArray[np.float64], following: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Products of the standardised rank residuals of one account; shape (n,), mean = its partial rank correlation.

    >>> x, y, z = (np.array(v) for v in ([3., 2, 5, 1, 4, 6], [3., 5, 2, 6, 4, 1], [2., 5, 1, 4, 6, 3]))
    >>> r = covariance_measure(x, y, z)
    >>> round(float(r.sum() / np.sqrt((r**2).sum())), 6)
    1.416037
    """
    x = ranked(words)
    x = x - x.mean()
    scale = float(x @ x) or 1.0
    residuals = []
    for values in (answers, following):
        ranks = ranked(values)
        ranks = ranks - ranks.mean()
        residual = ranks - x * float(x @ ranks) / scale
        residuals.append(residual / (np.sqrt(np.mean(residual**2)) or 1.0))
    product: NDArray[np.float64] = residuals[0] * residuals[1]
    return product


def ranked(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1, ties by their mean.

    >>> ranked(np.array([5.0, 1.0, 5.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    result: NDArray[np.float64] = ((last - count + 1 + last) / 2.0)[place]
    return result


def density(value: float, mean: float, deviation: float) -> float:
    """Density of the normal distribution."""
    return float(np.exp(-0.5 * ((value - mean) / deviation) ** 2) / (deviation * np.sqrt(2.0 * np.pi)))


def log_likelihood_ratio(effect: float, error: float) -> float:
    """ln LR of harvesting against a random benign operator, at most ln(1/π₀).

    A negative correlation is no reaction: it counts as none, or the wider density of use would acquit it.

    Args:
        effect: estimated partial rank correlation.
        error: its standard error.

    >>> log_likelihood_ratio(-0.3, 0.05) == log_likelihood_ratio(0.0, 0.05) > 0.0
    True
    """
    effect = max(effect, 0.0)
    harvest = density(effect, 0.0, float(np.hypot(error, HARVEST_SD)))
    use = density(effect, USE_MEAN, float(np.hypot(error, USE_SD)))
    mixture = BENIGN_WITHOUT_REACTION * harvest + (1.0 - BENIGN_WITHOUT_REACTION) * use
    return float(np.log(max(harvest, 1e-300)) - np.log(max(mixture, 1e-300)))


def judge(case: Case) -> Finding:
    """ln of the factor that a clear reaction takes away (0 = nothing), with the likelihood ratio's row."""
    pairs = case.workspace.query(PAIRS, {"last": case.last_epoch}, members=pa.table({"unit": case.group.members}))
    accounts, place = np.unique(pairs["account_id"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    columns = [pairs[name].to_numpy().astype(np.float64) for name in ("words", "output_tokens", "next_words")]
    parts = [np.flatnonzero(place == number) for number in range(len(accounts))]
    products = [covariance_measure(*(column[part] for column in columns)) for part in parts if len(part) >= PAIRS_MIN]
    if len(products) < ACCOUNTS_MIN:
        return Finding()
    pooled = np.sort(np.concatenate(products))
    effect, error = float(pooled.mean()), float(np.sqrt((pooled**2).sum()) / len(pooled))
    log_e = log_likelihood_ratio(effect, error)
    talk = effect - 2.0 * error > HARVEST_SD
    row = Evidence(
        "H2",
        "answer_dependence",
        "conversation",
        effect,
        "partial rank correlation",
        len(pooled),
        "next prompt independent of the answer, given the prompt",
        None,
        bits(min(log_e, -np.log(BENIGN_WITHOUT_REACTION))),
        bits(log_e),
        f"Over {len(pooled)} pairs of turns that begin with a flagged prompt the next one "
        f"{'reacts' if talk else 'hardly reacts'} to the answer "
        f"(partial rank correlation {effect:.2f} ± {2 * error:.2f}).",
    )
    return Finding(
        min(0.0, log_e),
        (row,),
        "its prompts react to the answers, as in ordinary use" if talk and log_e < 0.0 else None,
    )


TEST = Test(
    name="answer_dependence",
    hypothesis="H2",
    role="exoneration",
    judge=judge,
    source="statistics cookbook, section 6",
    benign_twins=("chat_users", "white_label_product"),
)
