"""Train a backbone and a head by one of the methods."""
