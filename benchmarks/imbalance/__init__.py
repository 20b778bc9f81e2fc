"""Rare defects: the demo with most of its defects taken away, treatments side by side."""
