"""English."""

TEXTS = {
    "menu": "Models",
}
