"""The monitor step: has production changed, does it matter, and what is to be done."""
