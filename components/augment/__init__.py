"""Turn pictures into arrays of one size, with changed copies of those to train on."""
