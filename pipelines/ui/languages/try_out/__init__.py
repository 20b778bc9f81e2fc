"""What the page Try says."""
