"""Measure an exported model on the pictures kept for testing, and write the report."""
