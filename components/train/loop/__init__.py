"""Gradient steps: attempts, epochs, optimizer, checkpoints."""
