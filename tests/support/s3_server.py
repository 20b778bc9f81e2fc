"""An S3 store on this machine: moto's server, with one bucket."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

BUCKET = "graft"
KEY = "test"


class S3:
    """A store; `environment` is what a program needs beside the endpoint."""

    def __init__(self, endpoint: str) -> None:
        import boto3

        self.endpoint = endpoint
        # Not this machine's own account or certificates.
        others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.environment = others | {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": KEY,
            "AWS_DEFAULT_REGION": "us-east-1",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id=KEY,
            aws_secret_access_key=KEY,
            region_name="us-east-1",
        )
        self._client.create_bucket(Bucket=BUCKET)

    def put(self, name: str, content: bytes) -> None:
        self._client.put_object(Bucket=BUCKET, Key=name, Body=content)

    def delete(self, name: str) -> None:
        self._client.delete_object(Bucket=BUCKET, Key=name)

    def names(self) -> list[str]:
        found = self._client.list_objects_v2(Bucket=BUCKET)
        return [one["Key"] for one in found.get("Contents", ())]


@contextmanager
def s3_server() -> Iterator[S3]:
    """Serve an empty bucket until the block ends; skips where moto is missing."""
    module = pytest.importorskip("moto.server")
    server = module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        store = S3("http://{}:{}".format(*server.get_host_and_port()))
        yield store
        for name in store.names():  # moto's memory is the process's
            store.delete(name)
    finally:
        server.stop()
