"""The client over REST: needs no protobuf, no gRPC and no TensorFlow."""

import base64
import json
import re
import threading
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Unpack

from components.common.artifacts.exported import INPUT_BYTES, SIGNATURE_BYTES
from components.common.errors import ServerError
from serving.client import error_messages as messages
from serving.client.answers import Signature, TensorSpec, VersionStatus
from serving.client.client import Client, ClientOptions
from serving.client.contract import Outputs
from serving.client.http_pool import Answer, HttpPool
from serving.client.retry import PassingError, call, too_late

METRICS_PATH = "/monitoring/prometheus/metrics"
# A REST answer does not say which version gave it, so every request names one; the newest
# is looked up again after this time.
VERSION_MEMORY_S = 1.0
SWITCHES = 5


class RestClient(Client):
    """A client over REST.

    Args:
        url: `http://HOST:PORT` of the server, with a path if a gateway adds one.
        options: see `ClientOptions`.

    Raises:
        ConfigError: the address is not a REST address, or a header cannot be sent.
    """

    def __init__(self, url: str, **options: Unpack[ClientOptions]) -> None:
        self._http = HttpPool(url, options.get("ca_file"))
        super().__init__(self._http.url, **options)
        self._path = f"/v1/models/{urllib.parse.quote(self.model, safe='')}"
        self._lock = threading.Lock()
        self._newest: int | None = None
        self._looked_up = 0.0

    def status(self) -> tuple[VersionStatus, ...]:
        """Return every version the server has seen, newest first; see `Client`."""
        answer = self._get(self._path)
        entries = _member(answer, "model_version_status")
        if answer.code == 200 and isinstance(entries, list):
            return tuple(_version_status(entry) for entry in entries)
        if answer.code == 404:
            raise messages.no_model(self.address, self.model, serves=self._served())
        raise messages.failed(self.address, answer.error)

    def signature(self, name: str = SIGNATURE_BYTES) -> Signature:
        """Describe how to call the newest version; see `Client`."""
        pinned = f"/versions/{self._version}" if self._version is not None else ""
        answer = self._get(f"{self._path}{pinned}/metadata")
        if answer.code != 200:
            raise self._explain(answer)
        found = answer.content["metadata"]["signature_def"]["signature_def"]
        if name not in found:
            raise messages.no_signature(self.address, self.model, name, sorted(found))
        return Signature(name, _specs(found[name]["inputs"]), _specs(found[name]["outputs"]))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _predict(
        self, signature: str, pictures: Sequence[bytes], headers: Mapping[str, str]
    ) -> Outputs:
        encoded = [{"b64": base64.b64encode(picture).decode()} for picture in pictures]
        body = json.dumps({"signature_name": signature, "inputs": {INPUT_BYTES: encoded}}).encode()
        for _ in range(SWITCHES):
            version = self._version if self._version is not None else self._newest_version()
            path = f"{self._path}/versions/{version}:predict"
            answer = self._send("POST", path, body=body, headers=headers)
            if answer.code == 200:
                return self._outputs(answer, signature, version)
            if answer.code != 404 or self._version is not None:
                break
            with self._lock:
                self._newest = None  # it went away since the look-up; its successor is there
        raise self._explain(answer)

    def _outputs(self, answer: Answer, signature: str, version: int) -> Outputs:
        tensors = _member(answer, "outputs")
        if not isinstance(tensors, dict):
            # A single output comes without its name.
            only = self.signature(signature).outputs[0].name
            tensors = {only: tensors}
        return Outputs(tensors, version, self.model, self.address)

    def _get(self, path: str) -> Answer:
        return self._send("GET", path, body=None, headers=self._headers)

    def _send(
        self, method: str, path: str, *, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        def attempt(left_s: float) -> Answer:
            try:
                answer = self._http.request(
                    method, path, body=body, headers=headers, timeout_s=left_s
                )
            except TimeoutError:
                raise too_late(self.address, self._timeout_s) from None
            if answer.code == 401:
                raise messages.denied(self.address, headers)
            if answer.code == 503 or answer.passing:
                raise PassingError(messages.busy(self.address, answer.error))
            if answer.content is None:
                reason = f"HTTP {answer.code} without JSON"
                raise messages.wrong_language(
                    self.address, reason, speaks="REST", do=messages.NOT_SERVING
                )
            return answer

        return call(attempt, timeout_s=self._timeout_s, retry=self._retry, address=self.address)

    def _newest_version(self) -> int:
        with self._lock:
            if self._newest is not None and time.monotonic() - self._looked_up < VERSION_MEMORY_S:
                return self._newest
        status = self.status()
        newest = messages.newest_available(status)
        if newest is None:
            raise messages.no_version(self.address, self.model, None, status)
        with self._lock:
            self._newest, self._looked_up = newest, time.monotonic()
        return newest

    def _explain(self, answer: Answer) -> ServerError:
        if answer.code == 404:
            status = self.status()  # raises when the model itself is unknown
            return messages.no_version(self.address, self.model, self._version, status)
        if answer.code == 504:
            return messages.failed(self.address, f"too late: {answer.error}")
        if 400 <= answer.code < 500:
            return messages.refused(self.address, answer.error)
        return messages.failed(self.address, answer.error)

    def _served(self) -> list[str] | None:
        """Return the models that the server's metrics name; None when it shows no metrics."""
        try:
            answer = self._http.request(
                "GET", METRICS_PATH, body=None, headers=self._headers, timeout_s=2.0
            )
        except (PassingError, ServerError, TimeoutError):
            return None
        if answer.code != 200:
            return None
        return served_models(answer.body.decode("utf-8", "replace"))


def served_models(metrics: str) -> list[str]:
    """Return the models that Prometheus text proves to be served.

    A request that succeeded, or a SavedModel that was loaded, names its model; a request that
    failed may name any.
    """
    names = set(re.findall(r'request_count\{model_name="([^"]+)",status="OK"\}', metrics))
    for path in re.findall(r'load_attempt_count\{model_path="([^"]+)",status="success"\}', metrics):
        names.add(PurePosixPath(path).parent.name)
    return sorted(names)


def _member(answer: Answer, name: str) -> Any:
    content = answer.content
    return content.get(name) if isinstance(content, dict) else None


def _version_status(entry: dict[str, Any]) -> VersionStatus:
    status = entry.get("status", {})
    code, message = status.get("error_code", "OK"), status.get("error_message", "")
    error = "" if code == "OK" else f"{code}: {message}"
    return VersionStatus(int(entry["version"]), str(entry["state"]), error)


def _specs(tensors: dict[str, Any]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(
            name,
            str(info["dtype"]).removeprefix("DT_").lower(),
            tuple(int(dim["size"]) for dim in info["tensor_shape"].get("dim", [])),
        )
        for name, info in sorted(tensors.items())
    )
