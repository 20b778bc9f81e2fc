"""Many pictures through a client: from folders or from memory, answers as one table."""
