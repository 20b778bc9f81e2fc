"""The page's words, a module a language; all have the same keys."""
