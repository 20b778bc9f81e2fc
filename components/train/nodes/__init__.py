"""Training by several machines, through Kubeflow Trainer."""
