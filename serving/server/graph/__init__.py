"""One loaded version: its TensorFlow session, signatures, batching, warm-up and predictions."""
