"""TLS to the gateway and from it to the model server; keys and certificates that change."""

import json
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from bright_model import png
from gateway_harness import Gateway, ask, running, wait_until
from gateway_upstream import ANSWER, BODY, PATH, serving_grpc, serving_upstream

from components.common.errors import ConfigError, DeniedError, UnreachableError
from serving.client import connect
from serving.client.retry import Retry
from serving.gateway.proxy.access import Access
from serving.gateway.settings import GatewaySettings, check
from serving.protocol.headers import read_api_key, read_api_keys, request_headers
from serving.protocol.tls import Certificate

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates"),
]


@dataclass(frozen=True)
class Pki:
    """An authority and a certificate for 127.0.0.1, as openssl makes them."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def cert(self) -> Path:
        return self.folder / "tls.crt"

    @property
    def key(self) -> Path:
        return self.folder / "tls.key"

    def issue(self, serial: int) -> None:
        """Sign another certificate and put it where the first one was."""
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        key, cert = self.folder / "new.key", self.folder / "new.crt"
        self._openssl(
            *("req", "-x509", *new, "-subj", "/CN=gateway", "-days", "2"),
            *("-CA", str(self.ca), "-CAkey", str(self.folder / "ca.key")),
            *("-set_serial", str(serial), "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
            *("-keyout", str(key), "-out", str(cert)),
        )
        key.replace(self.key)
        cert.replace(self.cert)

    def make(self) -> None:
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        self._openssl(
            *("req", "-x509", *new, "-subj", "/CN=authority", "-days", "2"),
            *("-keyout", str(self.folder / "ca.key"), "-out", str(self.ca)),
        )
        self.issue(7)

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    made = Pki(tmp_path_factory.mktemp("pki"))
    made.make()
    return made


@pytest.fixture(scope="module")
def secure(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that speaks TLS to its clients and to its model server."""
    certificate = Certificate(pki.cert, pki.key)
    with (
        serving_upstream(tls=certificate.http_context()) as upstream,
        serving_grpc(certificate.grpc_credentials()) as upstream_grpc,
        running(
            tmp_path_factory.mktemp("secure"),
            f"--tls-cert={pki.cert}",
            f"--tls-key={pki.key}",
            f"--upstream-ca={pki.ca}",
            upstream=upstream.url.replace("http:", "https:"),
            upstream_grpc=f"grpcs://{upstream_grpc.address}",
        ) as gateway,
    ):
        yield gateway


def serial_at(address: str, pki: Pki) -> int:
    """Return the serial number of the certificate that a listener shows."""
    host, port = address.removeprefix("https://").split(":")
    context = ssl.create_default_context(cafile=pki.ca)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection((host, int(port)), 20) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        shown = connection.getpeercert()
    assert shown is not None
    return int(str(shown["serialNumber"]), 16)


def test_both_ways_are_encrypted_from_end_to_end(secure: Gateway, pki: Pki) -> None:
    assert secure.rest.startswith("https://")
    context = ssl.create_default_context(cafile=pki.ca)
    with urllib.request.urlopen(secure.rest + PATH, BODY, 30, context=context) as answer:
        assert answer.read() == ANSWER
    for address in (secure.rest, f"grpcs://{secure.grpc}"):
        with connect(address, model="m", ca_file=pki.ca, version=7) as client:
            if address.startswith("grpcs"):
                assert client.predict_pictures([png(1)]).version == 7
            else:
                assert client.wait_until_available(timeout_s=10) == 7
    # Nothing is served in the clear, but for metrics and probes.
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        ask(secure.rest.replace("https:", "http:") + PATH, BODY)
    with grpc.insecure_channel(secure.grpc) as channel, pytest.raises(grpc.RpcError):
        channel.unary_unary("/any")(b"", timeout=5)
    assert ask(f"{secure.metrics}/gateway/ready").status == 200
    # The log's process asked for the version over https too.
    wait_until(lambda: 7 in secure.table("m").column("version").to_pylist(), secure.text)


def test_who_does_not_trust_the_authority_gets_nothing(secure: Gateway) -> None:
    for address in (secure.rest, f"grpcs://{secure.grpc}"):
        with (
            connect(address, model="m", timeout_s=5, retry=Retry(attempts=1)) as client,
            pytest.raises(UnreachableError),
        ):
            client.status()


def test_a_model_server_with_another_authority_is_not_believed(pki: Pki, tmp_path: Path) -> None:
    other = Pki(tmp_path / "other")
    other.folder.mkdir()
    other.make()
    certificate = Certificate(other.cert, other.key)
    with (
        serving_upstream(tls=certificate.http_context()) as upstream,
        serving_grpc(certificate.grpc_credentials()) as upstream_grpc,
        running(
            tmp_path,
            "--no-logging",
            f"--upstream-ca={pki.ca}",
            upstream=upstream.url.replace("http:", "https:"),
            upstream_grpc=f"grpcs://{upstream_grpc.address}",
        ) as gateway,
    ):
        assert ask(gateway.rest + PATH, BODY).status == 503
        with grpc.insecure_channel(gateway.grpc) as channel, pytest.raises(grpc.RpcError) as error:
            channel.unary_unary("/any")(b"", timeout=20)
        assert error.value.code() is grpc.StatusCode.UNAVAILABLE
        assert upstream.seen == [] and upstream_grpc.seen == 0


def test_a_new_certificate_is_used_without_a_restart(secure: Gateway, pki: Pki) -> None:
    for listener in (secure.rest, secure.grpc):
        assert serial_at(listener, pki) == 7
    pki.issue(8)
    for listener in (secure.rest, secure.grpc):
        wait_until(lambda at=listener: serial_at(at, pki) == 8, secure.text, seconds=20)  # type: ignore[misc]
    # Half a pair changes nothing.
    good = pki.key.read_bytes()
    pki.key.write_text("no key")
    assert serial_at(secure.rest, pki) == 8
    pki.key.write_bytes(good)


def test_two_keys_are_valid_while_clients_change(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("new-key\nold-key\n")
    with (
        serving_upstream() as upstream,
        running(
            tmp_path,
            "--no-logging",
            upstream=upstream.url,
            environment={"GRAFT_API_KEY_FILE": str(file), "GRAFT_API_KEY": "not-this"},
        ) as gateway,
    ):

        def lets_in(key: str) -> bool:
            with connect(gateway.rest, model="m", headers=request_headers(api_key=key)) as client:
                try:
                    return bool(client.status())
                except DeniedError:
                    return False

        assert lets_in("new-key") and lets_in("old-key")
        assert not lets_in("not-this") and not lets_in("new-key\\nold-key")
        # The old one goes, and the gateway is not restarted.
        file.write_text("new-key\n")
        wait_until(lambda: not lets_in("old-key"), gateway.text, seconds=20)
        assert lets_in("new-key")
        # An empty file does not open the door, and does not shut it either.
        file.write_text("")
        wait_until(lambda: "stay as they were" in gateway.text() or lets_in("x"), gateway.text)
        time.sleep(0.1)
        assert lets_in("new-key") and not lets_in("") and not lets_in("old-key")
        assert "new-key" not in gateway.text()


def test_keys_come_one_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "keys"
    file.write_text(" first \n\nsecond\n")
    assert read_api_keys(file) == ("first", "second")
    monkeypatch.setenv("GRAFT_API_KEY", "third\nfirst\n")
    assert read_api_keys() == ("third", "first")
    # A client sends the newest.
    assert read_api_key() == "third" and read_api_key(file) == "first"
    access = Access(("first", "second"))
    assert access.allows({"x-api-key": "first"}) and access.allows({"x-api-key": "second"})
    assert not access.allows({"x-api-key": "third"})


def test_settings_that_cannot_work(pki: Pki, tmp_path: Path) -> None:
    for settings in (
        GatewaySettings(tls_cert=pki.cert),
        GatewaySettings(metrics_port=8511),
        GatewaySettings(in_flight=0),
        GatewaySettings(in_flight_mib=10, max_request_mib=20),
        GatewaySettings(upstream_grpc="https://a:1"),
    ):
        with pytest.raises(ConfigError, match=r"expected .* received .*correct --"):
            check(settings)
    check(GatewaySettings(upstream_grpc="grpcs://a:1"))
    (tmp_path / "empty").touch()
    for cert, key in ((tmp_path / "none", pki.key), (tmp_path / "empty", pki.key)):
        with pytest.raises(ConfigError, match="correct --tls-cert and --tls-key"):
            Certificate(cert, key)
    with pytest.raises(ConfigError, match="certificates of authorities"):
        connect("https://127.0.0.1:1", model="m", ca_file=tmp_path / "none")
    with pytest.raises(ConfigError, match="certificates of authorities"):
        connect("grpcs://127.0.0.1:1", model="m", ca_file=tmp_path / "none")


def test_health_of_a_tls_gateway_names_no_secret(secure: Gateway, pki: Pki) -> None:
    health = json.loads(ask(f"{secure.metrics}/gateway/health").body)
    assert health["upstream"] == "reachable"
    assert str(pki.key) not in json.dumps(health)
