"""Measures the exported model, and the version that serves, on the test pictures."""
