"""Figures that say where a model is good and where it is not: by class, and by part."""
