"""What every step stands on: errors, files, settings, artifacts, the step itself."""
