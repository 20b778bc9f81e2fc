"""One picture, and what the serving model makes of it."""
