"""Read labelled pictures from a source and split them by groups."""
