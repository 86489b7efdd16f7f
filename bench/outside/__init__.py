"""Accounts of other services, through the engine of a scan: what they share comes in as a plain table of entities.

`entities` makes the population, `engine` forms and judges groups with the functions that a scan uses, `figures`
compares them with labels, `rivals` are simpler ways on the same links, `wallets` and `co_action` know the two data
sets. The data stay outside; only aggregate figures come back.
"""
