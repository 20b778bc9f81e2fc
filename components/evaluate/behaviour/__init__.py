"""What the exported model does with changed pictures, where it looks, and what it costs to ask."""
