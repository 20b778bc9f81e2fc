"""What the page Models says."""
