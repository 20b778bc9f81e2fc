"""What the page Watch says."""
