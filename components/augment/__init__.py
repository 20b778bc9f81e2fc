"""Writes the pictures, with augmented views, as arrays that training reads."""
