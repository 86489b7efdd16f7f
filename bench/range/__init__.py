"""The range run: worlds × seeds × methods → one results file, a table side by side, robustness curves and ablations.

`python -m bench.range` plans cells (one world, one seed, one setting of the evasions, one method), works on those that
the cache does not hold yet, tunes every rival on development worlds alone, freezes the thresholds, scores all worlds
with what was frozen, and writes the results. Nothing in a result is typed by hand. Source: detection
table, section 6.1; statistics cookbook, section 12.
"""
