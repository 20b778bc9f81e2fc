"""Which picture is for training, validation and test, and what a verdict can rest on."""
