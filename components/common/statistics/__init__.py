"""Metrics, intervals, folds and estimates that more than one step needs."""
