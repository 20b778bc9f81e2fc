"""Traditional Chinese, as in Taiwan."""

TEXTS = {
    "menu": "模型",
}
