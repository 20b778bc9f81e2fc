"""What the page New says."""
