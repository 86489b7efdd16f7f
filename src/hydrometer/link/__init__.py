"""Which units are run by one hand: entity weights, seeds and candidate groups. Says nothing about what they do.

Rule: whatever is used to form a group on one side of a split has never seen the other side. What may be compared is
data (`base/families.py`): layers, the families that they form, and the splits.
"""
