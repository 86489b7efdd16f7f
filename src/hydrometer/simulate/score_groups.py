"""Figures over groups: how the run's operators cut up campaigns and benign operators, and whom they join wrongly.

Campaign accounts and benign accounts are scored apart, since thousands of benign singletons would hide two merged
campaigns. Source: statistics cookbook, section 12 (the trap of singletons); detection table, section 6.1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from statistics import fmean

from hydrometer.simulate import agreement, metrics
from hydrometer.simulate.score_tables import Row, Truth


def b_cubed(known: Truth, labels: Mapping[str, str], campaign: bool) -> Row:
    """B-cubed of found groups over campaign accounts, or over all others; accounts without a group stand alone.

    Clusters are formed over all accounts, so that a benign account merged into a campaign costs precision.
    """
    found, true, counted = _labelled(known, labels, campaign)
    return _triple(metrics.b_cubed(found, true, counted))


def clustering(known: Truth, labels: Mapping[str, str], listed: Mapping[str, set[str]]) -> Row:
    """Agreement of found groups with the true operators.

    Args:
        known: the truth.
        labels: the found group of each account that has one; all others stand alone.
        listed: accounts of each listed campaign.
    """
    return {
        "campaign_accounts": _agreement(known, labels, campaign=True),
        "benign_accounts": _agreement(known, labels, campaign=False),
        **_fragments(known, labels),
        **_merges(known, labels),
        **_harm(known, listed),
    }


def _agreement(known: Truth, labels: Mapping[str, str], campaign: bool) -> Row:
    """Pairs over clusters of all accounts; the measures of information over the side's own accounts alone."""
    found, true, counted = _labelled(known, labels, campaign)
    own = [place for place, inside in enumerate(counted) if inside]
    own_found, own_true = [found[place] for place in own], [true[place] for place in own]
    homogeneity, completeness, balanced = agreement.v_measure(own_found, own_true)
    return {
        "accounts": len(own),
        "pairwise": _triple(agreement.pairwise(found, true, counted)),
        "v_measure": {"homogeneity": homogeneity, "completeness": completeness, "v": balanced},
        "adjusted_mutual_information": agreement.adjusted_mutual_information(own_found, own_true),
    }


def _labelled(known: Truth, labels: Mapping[str, str], campaign: bool) -> tuple[list[str], list[str], list[bool]]:
    """Found and true label of every account, and whether it is of the side that counts."""
    accounts = sorted(known.accounts)
    found = [f"group:{labels[one]}" if one in labels else f"alone:{one}" for one in accounts]
    true = [known.accounts[one]["operator_id"] for one in accounts]
    return found, true, [(one in known.guilty) == campaign for one in accounts]


def _triple(figures: tuple[float | None, float | None, float | None]) -> Row:
    """Precision, recall and F1 by name."""
    return dict(zip(("precision", "recall", "f1"), figures, strict=True))


def _fragments(known: Truth, labels: Mapping[str, str]) -> Row:
    """Found groups that hold accounts of one campaign, over campaigns of which any account has a group."""
    counts = [len({labels[one] for one in members if one in labels}) for members in known.members.values()]
    held = [count for count in counts if count]
    return {
        "groups_a_campaign_mean": fmean(held) if held else None,
        "groups_a_campaign_most": max(held, default=None),
    }


def _merges(known: Truth, labels: Mapping[str, str]) -> Row:
    """Campaigns in one found group, over groups that hold any; campaigns of one true operator count once."""
    held: dict[str, set[str]] = defaultdict(set)
    for campaign, members in known.members.items():
        for one in members & labels.keys():
            held[labels[one]].add(known.hands.get(campaign, campaign))
    counts = [len(campaigns) for campaigns in held.values()]
    return {
        "campaigns_a_group_mean": fmean(counts) if counts else None,
        "campaigns_a_group_most": max(counts, default=None),
    }


def _harm(known: Truth, listed: Mapping[str, set[str]]) -> Row:
    """Benign operators, and their accounts, that a listed campaign joins with somebody else's accounts."""
    accounts: set[str] = set()
    for members in listed.values():
        if len({known.accounts[one]["operator_id"] for one in members & known.accounts.keys()}) > 1:
            accounts |= members & known.benign.keys()
    return {
        "harmful_merges": len({known.benign[one]["operator_id"] for one in accounts}),
        "harmful_merge_accounts": len(accounts),
    }
