"""What pictures without labels teach: patches, whitening, clusters. Arrays in, arrays out."""
