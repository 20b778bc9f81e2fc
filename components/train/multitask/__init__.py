"""Several tasks on one embedding: what they share, how it is fitted, and how they answer."""
