"""Near copies: pictures that were saved, resized, shifted, turned or brightened again."""
