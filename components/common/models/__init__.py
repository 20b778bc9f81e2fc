"""Ask a model file about pictures: a SavedModel, a LiteRT file."""
