"""What the page Label says."""
