"""What every page of the console says."""
