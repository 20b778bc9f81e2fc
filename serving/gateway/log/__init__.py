"""The prediction log: the queue to a second process, and the files that it writes."""
