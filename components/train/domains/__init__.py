"""Domain adaptation on frozen embeddings: labels of one side, none of the other's."""
