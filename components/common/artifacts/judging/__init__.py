"""Evaluation and verdict: what a model is worth, and whether it may serve."""
