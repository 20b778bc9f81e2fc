"""Causes that a drift may have, one file each: the file name is the family.

Each has `find(comparison) -> tuple[CauseFinding, ...]`: what speaks for it. The strongest finding
of all causes is the explanation.
"""
