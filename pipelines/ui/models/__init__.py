"""What the page Models knows: versions, verdicts, looks of the monitor, traffic, servers."""
