"""What the page Versions says."""
