"""Distillation campaigns, one file each: pools of accounts that build a data set, with their cover traffic."""
