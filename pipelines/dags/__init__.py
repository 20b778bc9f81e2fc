"""The pipelines as DAGs, and what they are called with."""
