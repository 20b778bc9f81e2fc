"""The same network, computed faster: folded, padded, in the right precision."""
