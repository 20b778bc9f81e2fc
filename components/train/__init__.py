"""Fit a pretrained network to the shards by one of the methods."""
