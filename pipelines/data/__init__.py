"""The parts of `pipelines.demo_data`: packages from the index, and what DVC pins."""
