"""Harm: how much accuracy a drift costs, estimated without labels or from a small audit."""
