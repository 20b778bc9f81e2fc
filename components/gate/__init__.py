"""Decide by the policies whether a model may be deployed."""
