"""Refuse data sets that a model should not learn from."""
