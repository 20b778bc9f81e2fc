"""Choose the winner among the trained finalists."""
