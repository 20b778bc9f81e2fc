"""The steps of a run, one package each, and the floors that they share."""
