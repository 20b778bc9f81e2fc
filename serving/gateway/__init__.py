"""The gateway: a proxy before any TensorFlow Serving that keeps the prediction log.

    graft gateway --upstream http://127.0.0.1:8501 --upstream-grpc 127.0.0.1:8500

Answers pass through as they are. What was asked and answered goes through a bounded queue to a
second process, which writes: a request never waits for the log. That one lets a third read the
bodies, which may die of them.

    process     start, drain, stop
    settings    what can be set
    proxy/      REST and gRPC in and out
    exchange    one request and its answer, on the way to the second process
    log/        the queue, the second process and its files
    reading/    the third process: bytes -> predictions -> rows
"""
