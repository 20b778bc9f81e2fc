"""English."""

TEXTS = {
    "menu": "Console",
    "error": "This did not work",
    "error.back": "Back",
    "error.unexpected": "Something unexpected happened; the console's log, where it was started, "
    "has the details.",
    "offline": "The console does not answer. Start it again with graft ui; nothing is lost.",
}
