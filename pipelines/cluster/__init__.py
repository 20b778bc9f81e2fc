"""Talk to Kubeflow Pipelines: connect, call with patience, upload, schedule."""
