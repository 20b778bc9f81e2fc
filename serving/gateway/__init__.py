"""The gateway: a proxy before any TensorFlow Serving that keeps the prediction log.

    graft gateway --upstream http://127.0.0.1:8501 --upstream-grpc 127.0.0.1:8500

Answers pass through as they are. What was asked and answered goes through a bounded queue to a
second process, which decodes, measures and writes: a request never waits for the log.

    process      start, drain, stop                    worker     the second process' loop
    http_proxy   REST in, REST out                     read_rest  }
    grpc_proxy   gRPC in, gRPC out                     read_grpc  } bytes -> Prediction
    routes       which server answers                  records    Prediction -> rows
    tap          the bounded queue                     journal    rows -> files
"""
