"""A local model server: a stand-in for TensorFlow Serving on a laptop, in tests and in CI.

    python -m serving.server --model_name=solar --model_base_path=/abs/models/solar \\
        --port=8500 --rest_api_port=8501

It answers what Graft exports: Predict over gRPC and REST (row and column format), model status and
metadata; it knows version policies, labels, configuration reload, batching, warm-up with Predict
records, TLS, health and metrics. Its flags, codes and error texts are TensorFlow Serving's;
Classify, Regress and MultiInference are answered with UNIMPLEMENTED and 404. It is ready when its
ports are open, which happens after the first load. What differs, on purpose:

* it binds to 127.0.0.1 unless `--host` says otherwise; HandleReloadConfigRequest, which makes
  the server load whatever folder is named, works on loopback only, unless `--allow_remote_reload`;
* SIGTERM drains: new requests are refused, those in flight have `--drain_seconds` to finish,
  the exit status is 0;
* a request that fails inside a batch is repeated alone, so it does not fail its neighbours;
* a broken version is no longer retried once a newer one is published, and delays no other model;
* an unknown flag ends the start;
* two servers cannot share a port;
* models are read from local folders only.

    flags, config_files   settings              rest_server, rest_answers, json_*   REST
    process               start, serve, drain   grpc_server                         gRPC
    models/   which versions are served         graph/   one loaded version
    launch    start a server and hold it        loadable   can a server load this export?
"""
