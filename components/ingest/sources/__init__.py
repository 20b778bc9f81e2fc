"""Where pictures come from; a module here is a source."""
