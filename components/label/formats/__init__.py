"""How a queue goes out to people and comes back: one file a format.

Each has `write(items, *, out, queue, classes)`, where `queue` is the name that the folder `out`
will have, and `read(path, *, places)`.
"""
