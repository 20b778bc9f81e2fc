"""Pixels: how a picture is decoded, measured and corrupted, once for the product."""
