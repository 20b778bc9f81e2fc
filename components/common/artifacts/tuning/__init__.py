"""The records of a tuning: ranking, shortlist, selection."""
