"""Splink's weight of each pair of a table of accounts on standard input; runs in the environment of Splink.

The model is the documented plain one: exact matches, adjusted for how frequent a value is; u from random pairs, m from
a column of labels. (m by expectation maximisation fails on so small a table: among pairs that share an address nearly
all are a carrier's, so that it learns that one hand never shares a card.)
"""

from __future__ import annotations

import json
import math
import sys

import pyarrow as pa
import splink.comparison_library as library  # type: ignore[import-not-found]
from splink import DuckDBAPI, Linker, SettingsCreator

COLUMNS = ("card", "address", "mail")
MOST_PAIRS = 1e6
SHARE = 0.01
"""Of random pairs that are one hand; taken out again, so that it has no effect."""


def main() -> None:
    """Read accounts, print `[[first, second, weight in bits without the prior], …]` of all pairs."""
    table = pa.Table.from_pylist(json.load(sys.stdin))
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="account",
        probability_two_random_records_match=SHARE,
        comparisons=[library.ExactMatch(name).configure(term_frequency_adjustments=True) for name in COLUMNS],
        blocking_rules_to_generate_predictions=["1 = 1"],
    )
    linker = Linker(DuckDBAPI().register(table, table_name="accounts"), settings, log_level="ERROR")
    linker.training.estimate_u_using_random_sampling(max_pairs=MOST_PAIRS, seed=1)
    linker.training.estimate_m_from_label_column("hand")
    prior = math.log2(SHARE / (1 - SHARE))
    rows = linker.inference.predict().as_record_list()
    json.dump([[row["account_l"], row["account_r"], row["match_weight"] - prior] for row in rows], sys.stdout)


if __name__ == "__main__":
    main()
