"""Traditional Chinese, as in Taiwan."""

TEXTS = {
    "menu": "新模型",
}
