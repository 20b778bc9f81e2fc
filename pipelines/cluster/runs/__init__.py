"""Runs on Kubeflow Pipelines: start, follow, list, compare."""
