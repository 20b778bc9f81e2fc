"""The words of the verdict, a module a language; all have the same keys."""
