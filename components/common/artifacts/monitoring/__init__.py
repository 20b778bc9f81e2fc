"""The records of monitoring: prediction log, reference, drift report."""
