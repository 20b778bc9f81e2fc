"""Reads pictures and labels from a source into a Dataset, and adds labelled ones."""
