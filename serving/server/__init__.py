"""A model server for a laptop, a test and CI that speaks TF Serving's gRPC and REST APIs.

    python -m serving.server --model_name=solar --model_base_path=/abs/models/solar \\
        --port=8500 --rest_api_port=8501

Flags, endpoints, codes and texts are those of `tensorflow_model_server` 2.20. It is ready when
its ports are open, which happens after the first load. What differs, on purpose:

* it binds to 127.0.0.1 unless `--host` says otherwise; HandleReloadConfigRequest, which makes
  the server load whatever folder is named, works on loopback only, unless `--allow_remote_reload`;
* SIGTERM drains: new requests are refused, those in flight have `--drain_seconds` to finish,
  the exit status is 0;
* a request that fails inside a batch is repeated alone, so it does not fail its neighbours;
* a broken version is no longer retried once a newer one is published, and delays no other model;
* two servers cannot share a port;
* flags may also be written `--flag value`;
* models are read from local folders only.
"""
