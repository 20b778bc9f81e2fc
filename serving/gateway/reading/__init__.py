"""From the bytes of a request and its answer to rows of the prediction log."""
