"""Rare classes: heads that are not fitted to the frequent class alone, and how one is chosen."""
