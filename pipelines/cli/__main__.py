"""`python -m pipelines.cli`, the same as `graft`."""

from pipelines.cli import main

main()
