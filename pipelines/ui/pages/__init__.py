"""The console's pages, one module each: the file name is the key and the first part of its paths.

A page has `ORDER`, its place in the menu, and `routes()`. Its words are in `languages/<key>/`, its
templates begin with `<key>`.
"""
