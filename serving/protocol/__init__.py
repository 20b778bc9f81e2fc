"""TensorFlow Serving's protocol, as far as two of server, gateway and client need it.

headers         the API key, and where pictures come from
status          codes, how they map to HTTP, the body of an error
rest_paths      what a REST path asks for
wire_messages   the gRPC messages and methods, without importing TensorFlow
http_listener   the HTTP port of server and gateway
"""
