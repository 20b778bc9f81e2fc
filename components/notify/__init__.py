"""The exit step: the run's summary, and messages to people about how it ended."""
