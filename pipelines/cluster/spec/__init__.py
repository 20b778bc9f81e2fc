"""What a compiled pipeline holds for the cluster."""
