"""Pretrained networks as a library: catalogue, weights, kept features, probes."""
