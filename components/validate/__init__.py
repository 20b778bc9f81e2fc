"""Checks the pictures of a Dataset and deals out its splits."""
