"""Where pretrained weights come from and how they are loaded."""
