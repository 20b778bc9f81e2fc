"""Compares the fine-tuned finalists and passes the winner on."""
