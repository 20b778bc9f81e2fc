"""English."""

TEXTS = {
    "menu": "New",
}
