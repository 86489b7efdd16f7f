"""The tests of the hypotheses: one file each, ending in `TEST`; the folder is the registry."""
