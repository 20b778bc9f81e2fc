"""How a queue goes out to people and comes back: one file a format.

Each has `write(items, *, out, classes)` and `read(path, *, places)`.
"""
