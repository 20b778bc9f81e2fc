"""Publishes a candidate that passed the gate as the next version, and takes versions back."""
