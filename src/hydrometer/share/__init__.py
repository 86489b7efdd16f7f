"""What a person sees of a run: page, list for programs, table on the terminal, explanation of one thing.

Rule: this room reads a run's tables and manifest and decides nothing; every figure shown stands in a table. Doubt is
content: a number that is estimated is shown with its range, floor or "not looked at"; hypotheses are never added up;
there is no overall score. Strings from logs pass `base.safe_text` and are escaped wherever they are shown.
"""
