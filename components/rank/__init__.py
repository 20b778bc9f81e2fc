"""Order backbones, feature layers and sizes by linear probes."""
