"""The label advisor: what more pictures of each class would bring."""
