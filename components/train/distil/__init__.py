"""Teachers: where they are found, what they may teach, and what they say about each view."""
