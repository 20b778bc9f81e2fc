"""The parts of `pipelines.data.demo`: packages from the index, and what DVC pins."""
