"""Augmentation: what a changed copy of a picture is, and whether it is still a picture."""
