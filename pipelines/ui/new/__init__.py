"""What the page New does: choose or send a folder, look at it, start a run."""
