"""Look for what is wrong with the pictures: label errors, hidden groups, shortcuts."""
