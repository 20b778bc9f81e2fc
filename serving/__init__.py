"""Serving a published model, the parts of it that are Python.

protocol/   what server, gateway and client share of TF Serving's APIs
server/     the local model server, a stand-in for TensorFlow Serving
gateway/    the proxy before a model server that keeps the prediction log
client/     asks any server that speaks TensorFlow Serving's APIs
config/, k8s/, compose.yaml   how TensorFlow Serving itself is run
"""
