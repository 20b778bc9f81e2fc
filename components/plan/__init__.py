"""Chooses the ranked candidates that fit into the time budget."""
