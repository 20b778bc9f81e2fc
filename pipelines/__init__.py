"""What runs the steps: settings, pipelines, and the ways to start them."""
