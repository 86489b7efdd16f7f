"""Facts of a listed group, one file a section: what it took, when it turned, what it broke; none of them decides.

A file ends in a function from a `Subject` to the rows of its section; `prove/case_facts.py` puts them together in the
order of `base.tables.FACT_SECTIONS`. A section that cannot be worked out says so in a row and never guesses.
"""
