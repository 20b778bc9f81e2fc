"""What the ways to transfer reach, and what each was to reach: `python -m benchmarks.methods`."""
