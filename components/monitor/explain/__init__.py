"""What kind of change a drift is."""
