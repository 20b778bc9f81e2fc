"""Files that a published version can be turned into: the file name is the key of `graft export`.

Each has SUFFIX, RECORD_SUFFIX of the record beside the file, BATCH (pictures a call) and GIVES, as
words, `write(candidate, path, info)`, which writes both files, and `opened(path, info)`, which
returns what asks the file about encoded pictures.
"""
