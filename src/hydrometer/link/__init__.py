"""Which units are run by one hand: entity weights, seeds and candidate groups. Says nothing about what they do.

Rule: whatever is used to form a group on one half of the families has never seen the other half. A comparison is one
file that ends in `COMPARISON`; it says what sharing an entity of a family means, in words.
"""

from __future__ import annotations
