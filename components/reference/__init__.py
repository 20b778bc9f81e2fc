"""What the accepted pictures look like to camera and model, to measure drift against."""
