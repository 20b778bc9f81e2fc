"""The page of an evaluation, in the user's language, and the plots on it."""
