"""The console's words: a package for each page, a table for each language."""
