"""Files that a published version can be turned into: the file name is the key of `graft export`.

Each has SUFFIX, RECORD_SUFFIX of the record beside the file, TAKES and GIVES in words, ROUNDING (by
what the tolerance is multiplied), `write(candidate, path, info)`, which writes both files, and
`opened(path, info)`, which returns what asks the file about encoded pictures.
"""
