"""The gRPC listener in this process: TLS, a taken port, who may change the configuration."""

import contextlib
import subprocess

import grpc
import pytest
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
)

from components.common.errors import ServerError
from serving.server.config_files import read_ssl_config
from serving.server.flags import Flags
from serving.server.grpc_server import build_server
from serving.server.models.version_states import VersionRecord, VersionState, VersionStates


class Catalogue:
    """Knows one version of a model."""

    def __init__(self):
        self.states = VersionStates()
        self.states.publish("m", VersionRecord(3, VersionState.AVAILABLE))


def build(ssl=None, **more):
    arguments = "grpc.max_connection_age_ms=300000"
    flags = Flags(**{"port": 0, "grpc_channel_arguments": arguments, **more})
    return build_server(Catalogue(), flags, threads=2, ssl=ssl)


@contextlib.contextmanager
def listening(**more):
    server, port = build(**more)
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


def status(channel):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "m"
    stub = model_service_pb2_grpc.ModelServiceStub(channel)
    return stub.GetModelStatus(request, timeout=30).model_version_status[0].version


def test_a_server_that_others_reach_refuses_new_configurations():
    with listening(host="0.0.0.0") as port, grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = model_service_pb2_grpc.ModelServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            stub.HandleReloadConfigRequest(model_management_pb2.ReloadConfigRequest(), timeout=30)
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
        assert status(channel) == 3


def test_two_servers_do_not_share_a_port():
    with listening() as port, pytest.raises(ServerError, match=f"127.0.0.1:{port} to be free"):
        build(port=port)


def certificate():
    """Return a self-signed key and certificate for localhost, as PEM texts."""
    done = subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "-",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    key, _, rest = done.stdout.partition("-----BEGIN CERTIFICATE-----")
    return key, "-----BEGIN CERTIFICATE-----" + rest


def test_tls(tmp_path):
    key, cert = certificate()
    quoted = [text.replace("\n", "\\n") for text in (key, cert)]
    path = tmp_path / "ssl.config"
    path.write_text(f'server_key: "{quoted[0]}"\nserver_cert: "{quoted[1]}"\n')
    with listening(ssl=read_ssl_config(str(path))) as port:
        credentials = grpc.ssl_channel_credentials(cert.encode())
        with grpc.secure_channel(f"localhost:{port}", credentials) as channel:
            assert status(channel) == 3
        with grpc.insecure_channel(f"localhost:{port}") as channel:
            with pytest.raises(grpc.RpcError) as caught:
                status(channel)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
