"""Worlds of traffic with ground truth, and the score of a run against it.

Rule: this room imports `base` and nothing else of ours; only the command line and tests import it, so that no detector
can read the truth. One file is an archetype, a campaign or a world; the folder is the registry.
"""
