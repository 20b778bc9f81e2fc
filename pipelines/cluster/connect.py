"""A connection to Kubeflow Pipelines: kfp's own login, our patience and words.

Secrets come from the environment and nowhere else: GRAFT_KFP_TOKEN (a bearer token) and
GRAFT_KFP_COOKIES (the session behind Dex). Without either, kfp takes the pod's service account or
the kubeconfig.
"""

import contextlib
import io
import logging
import os
import random
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from components.common.errors import ServerError
from pipelines.cluster.errors import ClusterRefusedError, of_status, unreachable

LOG = logging.getLogger(__name__)

TOKEN = "GRAFT_KFP_TOKEN"
COOKIES = "GRAFT_KFP_COOKIES"
_BUSY = 429


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for an answer, and how often to ask again.

    The waits double from `first_wait_s` up to `longest_wait_s`, each shortened by up to a half at
    random, so that many clients do not come back at once.
    """

    timeout_s: int = 30
    attempts: int = 5
    first_wait_s: float = 0.5
    longest_wait_s: float = 15.0

    def wait_s(self, attempt: int) -> float:
        """Return how long to wait after the attempt of that number, counted from 0."""
        longest = min(self.longest_wait_s, self.first_wait_s * 2.0**attempt)
        return longest * random.uniform(0.5, 1.0)


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The APIs of one server, and how to call them.

    ui: where Kubeflow's own pages are: KF_PIPELINES_UI_ENDPOINT, or the host.
    namespace: of a multi-user installation; "" elsewhere.
    """

    host: str
    ui: str
    namespace: str
    pipelines: Any
    uploads: Any
    recurring_runs: Any
    experiments: Any
    runs: Any
    patience: Patience

    def read(self, function: Callable[..., Any], *words: Any, doing: str, **options: Any) -> Any:
        """Call what changes nothing, or changes the same when it is called twice.

        Raises:
            UnreachableError: no answer, or not in time, after all attempts.
            ClusterRefusedError: 4xx.
            ServerError: 5xx, after all attempts.
        """
        return self._call(function, words, options, doing=doing, repeatable=True)

    def create(self, function: Callable[..., Any], *words: Any, doing: str, **options: Any) -> Any:
        """Call what makes something: asked again only when the server surely did nothing (429)."""
        return self._call(function, words, options, doing=doing, repeatable=False)

    def read_text(self, path: str, *, doing: str) -> str:
        """Get what is no JSON: a log.

        Raises:
            UnreachableError, ClusterRefusedError, ServerError: as `read`.
        """
        client = self.runs.api_client

        def get(**options: Any) -> str:
            headers = {"Accept": "text/plain"}
            client.call_api(path, "GET", header_params=headers, auth_settings=["Bearer"], **options)
            return str(client.last_response.data)

        return str(self._call(get, (), {}, doing=doing, repeatable=True, check=_plain))

    def _call(
        self,
        function: Callable[..., Any],
        words: tuple[Any, ...],
        options: dict[str, Any],
        *,
        doing: str,
        repeatable: bool,
        check: Callable[..., Any] | None = None,
    ) -> Any:
        timeouts = (self.patience.timeout_s, self.patience.timeout_s)
        for attempt in range(self.patience.attempts):
            try:
                return _translated(
                    lambda: (check or _checked)(
                        function, words, options | {"_request_timeout": timeouts}
                    ),
                    doing=doing,
                    host=self.host,
                )
            except (ServerError, ClusterRefusedError) as error:
                status = error.status if isinstance(error, ClusterRefusedError) else 0
                refused = isinstance(error, ClusterRefusedError) and status != _BUSY
                last = attempt + 1 == self.patience.attempts
                if refused or last or not (repeatable or status == _BUSY):
                    raise
                wait_s = self.patience.wait_s(attempt)
                LOG.warning("%s; asking again in %.1f s", error, wait_s)
                time.sleep(wait_s)
        raise AssertionError("the last attempt returns or raises")


def connect(*, host: str = "", namespace: str = "", patience: Patience | None = None) -> Connection:
    """Return a connection; nothing is asked of the server yet unless kfp must know the namespace.

    Args:
        host: the API's address; "" takes KF_PIPELINES_ENDPOINT, then the pod's cluster, then the
            kubeconfig.
        namespace: the user's, in a multi-user installation.
        patience: how long and how often.
    """
    patience = patience or Patience()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        client = _client(host, namespace, patience)
    configuration = client._existing_config
    apis = (client._pipelines_api, client._upload_api, client._recurring_run_api)
    # urllib3 would ask again by itself, at once and without a word.
    apis[0].api_client.rest_client.pool_manager.connection_pool_kw["retries"] = False
    return Connection(
        host=str(configuration.host),
        ui=str(client._get_url_prefix()).rstrip("/"),
        namespace=namespace or client.get_user_namespace() or "",
        pipelines=apis[0],
        uploads=apis[1],
        recurring_runs=apis[2],
        experiments=client._experiment_api,
        runs=client._run_api,
        patience=patience,
    )


def _client(host: str, namespace: str, patience: Patience) -> Any:
    import kfp

    class Client(kfp.Client):
        """kfp's own asks five times, five seconds apart, whether there are several users."""

        def get_kfp_healthz(self, sleep_duration: int = 5) -> Any:
            del sleep_duration
            timeouts = (patience.timeout_s, patience.timeout_s)
            ask = self._healthz_api.healthz_service_get_healthz
            self._healthz_api.api_client.rest_client.pool_manager.connection_pool_kw["retries"] = (
                False
            )
            address = str(self._existing_config.host)
            return _translated(
                lambda: ask(_request_timeout=timeouts), doing="say how it is", host=address
            )

    return Client(
        host=host or None,
        namespace=namespace or "kubeflow",
        existing_token=os.environ.get(TOKEN) or None,
        cookies=os.environ.get(COOKIES) or None,
    )


def _translated(call: Callable[[], Any], *, doing: str, host: str) -> Any:
    """Call, with the errors of kfp's client turned into ours."""
    import kfp_server_api
    import urllib3

    try:
        return call()
    except kfp_server_api.ApiException as error:
        if not error.status:
            raise unreachable(error.reason, doing=doing, host=host) from None
        body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else error.body
        raise of_status(error.status, body or "", doing=doing, host=host) from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise unreachable(_short(error), doing=doing, host=host) from None
    except (ValueError, KeyError, TypeError) as error:
        # A login page, or a proxy's apology, where JSON should be.
        raise ServerError(
            f"expected JSON from {host} to {doing}, received {_short(error)}; correct --host, or "
            "log in"
        ) from error


def _checked(function: Callable[..., Any], words: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Call, and refuse what is not JSON: the generated client takes it for an empty answer."""
    made = function(*words, **options)
    data = function.__self__.api_client.last_response.data  # type: ignore[attr-defined]
    text = data.decode(errors="replace") if isinstance(data, bytes) else str(data)
    if not text.lstrip().startswith("{"):
        raise ValueError(text)
    return made


def _plain(function: Callable[..., Any], words: tuple[Any, ...], options: dict[str, Any]) -> str:
    """Call for text; the pages of a login or of the interface itself are no log."""
    text = str(function(*words, **options))
    if text.lstrip()[:15].lower().startswith(("<!doctype", "<html")):
        raise ValueError(text)
    return text


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
