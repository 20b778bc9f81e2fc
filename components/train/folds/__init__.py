"""Judge by folds: the run's own recipe, and those of versions that it is compared with."""
