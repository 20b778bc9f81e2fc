"""Decides whether an evaluated candidate may be deployed."""
