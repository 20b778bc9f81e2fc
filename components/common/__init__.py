"""The floor: what more than one step, or the pipelines and servers, need."""
