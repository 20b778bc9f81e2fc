"""The on-disk contracts: what steps pass to each other, one module an artifact.

Dataset -> Shards -> Candidate -> Export -> Evaluation. An artifact is a folder; its record is
a frozen dataclass with `read(root)` and `write(root)`; nothing else may know the file names.
"""
