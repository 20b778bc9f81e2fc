"""Where a pipeline runs: on this machine (`local`), later on a cluster."""
