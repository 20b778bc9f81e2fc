"""English."""

TEXTS = {
    "menu": "Try",
    "no_model": "There is no model to try yet.",
    "no_model.do": "Make one from a folder of pictures",
    "lead": "What does the model say of this picture?",
    "model": "Model",
    "choose": "Choose a picture",
    "ask": "Ask",
    "wait": "asking …",
    "hint": "Choose a picture, or drop one on this page. It goes to the gateway, is not kept, "
    "and does not count as production.",
    "too_large": "expected a file of at most {most} MiB, received a larger one; choose another, "
    "or make it smaller",
    "offline": "The console does not answer, or the file was too much for it: start it again, "
    "or choose another file.",
    "asks": "The model asks: a person should decide",
    "likeliest": "Most like “{name}”, {percent} %, says version {version}.",
    "picture": "The picture",
    "heat_map": "Where it looks: covering what is in colour lowers the confidence",
    "class": "Class",
    "confidence": "Confidence",
}
