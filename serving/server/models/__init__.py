"""Which versions of which models are served: what is on disk, what is loaded, what became of it."""
