"""The frozen part of a network, computed once a picture and view and kept."""
