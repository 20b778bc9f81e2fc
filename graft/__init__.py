"""Graft from Python: train, load, ask and judge image models. A facade; the work is elsewhere."""
