"""Is a candidate group one operator (H1), does it build a data set (H2), what innocent explanation is left (H4)?

Rule: a group is tested on families that did not form it; H1 and H2 are never added or multiplied; benign explanations
are looked for as hard as evidence. A test is one file that ends in `TEST`.
"""
