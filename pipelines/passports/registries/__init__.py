"""Where published versions can be registered: the file name is the key of `graft register`.

Each has `register(entry, uri=...)`; its package is an extra and imported inside.
"""
