"""TLS on both sides: a listener's certificate, and the authorities that a client trusts."""

import logging
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.common.errors import ConfigError

_LOG = logging.getLogger(__name__)


@dataclass
class Certificate:
    """A listener's certificate and private key, PEM files; new files are used without a restart.

    Args:
        cert: the certificate, followed by those of its issuers.
        key: its private key.

    Raises:
        ConfigError: the files cannot be read, or do not belong together.
    """

    cert: Path
    key: Path
    _seen: tuple[int, int] = field(default=(0, 0), init=False)

    def __post_init__(self) -> None:
        self._seen = self._times()
        _load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self)

    def http_context(self) -> ssl.SSLContext:
        """Return a context for an HTTP/1.1 listener; TLS 1.2 and above."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        _load(context, self)
        # Asked at every handshake, also when the client names no server.
        context.sni_callback = lambda *_: self._renew(context)
        return context

    def grpc_credentials(self) -> Any:
        """Return grpc.ServerCredentials for a listener."""
        import grpc

        def current() -> Any:
            pair = (self.key.read_bytes(), self.cert.read_bytes())
            return grpc.ssl_server_certificate_configuration([pair])

        def fetch() -> Any:
            try:
                return current()
            except OSError as error:
                _LOG.warning("the certificate is not renewed: %s", error)
                return None  # goes on with the one before

        return grpc.dynamic_ssl_server_credentials(current(), fetch)

    def _renew(self, context: ssl.SSLContext) -> None:
        try:
            times = self._times()
            if times != self._seen:
                _load(context, self)
                self._seen = times
        except (OSError, ConfigError) as error:
            _LOG.warning("the certificate is not renewed: %s", error)

    def _times(self) -> tuple[int, int]:
        try:
            return self.cert.stat().st_mtime_ns, self.key.stat().st_mtime_ns
        except OSError as error:
            raise _unusable(error) from None


def client_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that trusts the authorities in a PEM file, the system's without one.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise _no_authority(error) from None


def channel_credentials(ca_file: Path | None) -> Any:
    """Return grpc.ChannelCredentials that trust the same; gRPC's own authorities without a file.

    Raises:
        ConfigError: the file cannot be read.
    """
    import grpc

    try:
        return grpc.ssl_channel_credentials(ca_file.read_bytes() if ca_file else None)
    except OSError as error:
        raise _no_authority(error) from None


def _load(context: ssl.SSLContext, certificate: Certificate) -> None:
    try:
        context.load_cert_chain(certificate.cert, certificate.key)
    except (OSError, ssl.SSLError) as error:
        raise _unusable(error) from None


def _unusable(error: Exception) -> ConfigError:
    return ConfigError(
        "a certificate and its private key, both PEM",
        received=error,
        do="correct --tls-cert and --tls-key",
    )


def _no_authority(error: Exception) -> ConfigError:
    return ConfigError(
        "a PEM file with the certificates of authorities", received=error, do="correct the file"
    )
