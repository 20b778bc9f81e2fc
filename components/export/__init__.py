"""Turns a trained network into the SavedModel that a server loads."""
