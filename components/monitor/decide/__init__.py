"""The word: a policy over what was measured, and its history."""
