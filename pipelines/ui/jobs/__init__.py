"""Commands that the console starts: a process each, which goes on when the console ends."""
