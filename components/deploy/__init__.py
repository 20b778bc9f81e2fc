"""Publish a model that passed the gate, once the server loads it and answers as it should."""
