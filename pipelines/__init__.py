"""Join the steps into pipelines and run them, here or on Kubeflow."""
