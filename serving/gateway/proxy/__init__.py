"""The request path: requests in, the model server's answers out, who may ask, what is counted."""
