"""What one exchange, one account-week and one template is like: text in, compact rows out, in a single pass.

Rule: prompts are read once, here, and nowhere else in the pipeline. A signal is one file that ends in `SIGNAL`; it sees
one batch of exchanges and never another account. Account state is mergeable.
"""
