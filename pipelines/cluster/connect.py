"""A connection to Kubeflow Pipelines: kfp's own login, our retries and error messages.

Secrets come from the environment only: GRAFT_KFP_TOKEN (a bearer token) and GRAFT_KFP_COOKIES (the
session behind Dex). Without either, kfp takes the pod's service account or the kubeconfig.
"""

import contextlib
import io
import json
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from components.common.errors import ServerError
from pipelines.cluster.call_policy import CallPolicy
from pipelines.cluster.errors import of_status, unreachable

TOKEN = "GRAFT_KFP_TOKEN"
COOKIES = "GRAFT_KFP_COOKIES"
_PAGE = 100


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
    policy: CallPolicy

    @property
    def scope(self) -> dict[str, str]:
        """The namespace as an argument of the API's calls, if there is one."""
        return {"namespace": self.namespace} if self.namespace else {}

    def read(self, function: Callable[..., Any], *words: Any, doing: str, **options: Any) -> Any:
        """Call what changes nothing, or changes the same when it is called twice.

        Raises:
            UnreachableError: no answer, or not in time, after all attempts.
            ClusterRefusedError: 4xx.
            ServerError: 5xx, after all attempts.
        """
        return self._call(lambda timeout: _json(function, *words, **options, **timeout), doing)

    def read_all(
        self, function: Callable[..., Any], *words: Any, items: str, doing: str, **options: Any
    ) -> list[Any]:
        """Return the items of all pages of a list call."""
        found: list[Any] = []
        token = ""
        while True:
            answer = self.read(
                function, *words, doing=doing, page_token=token, page_size=_PAGE, **options
            )
            found += getattr(answer, items) or []
            token = answer.next_page_token or ""
            if not token:
                return found

    def read_named(self, function: Callable[..., Any], name: str, *, items: str) -> Any | None:
        """Return the item of a list call that has this display name, None if none has."""
        found = self.read_all(
            function, items=items, doing=f"list {items}", filter=named(name), **self.scope
        )
        return next((one for one in found if one.display_name == name), None)

    def create(self, function: Callable[..., Any], *words: Any, doing: str, **options: Any) -> Any:
        """Call what makes something: asked again only when the server surely did nothing (429)."""
        return self._call(
            lambda timeout: _json(function, *words, **options, **timeout), doing, repeatable=False
        )

    def read_text(self, path: str, *, doing: str) -> str:
        """Get what is no JSON: a log. Errors as of `read`."""
        client = self.runs.api_client

        def get(timeout: dict[str, Any]) -> str:
            headers = {"Accept": "text/plain"}
            client.call_api(path, "GET", header_params=headers, auth_settings=["Bearer"], **timeout)
            text = str(client.last_response.data)
            # The pages of a login or of the interface itself are no log.
            if text.lstrip()[:15].lower().startswith(("<!doctype", "<html")):
                raise ValueError(text)
            return text

        return str(self._call(get, doing))

    def _call(
        self, call: Callable[[dict[str, Any]], Any], doing: str, *, repeatable: bool = True
    ) -> Any:
        timeout = {"_request_timeout": (self.policy.timeout_s, self.policy.timeout_s)}
        retrying = self.policy.retrying(repeatable=repeatable)
        return retrying(_translated, lambda: call(timeout), doing=doing, host=self.host)


def named(name: str) -> str:
    """Return the filter of a list call for one display name."""
    predicate = {"operation": "EQUALS", "key": "display_name", "stringValue": name}
    return json.dumps({"predicates": [predicate]})


def connect(*, host: str = "", namespace: str = "", policy: CallPolicy | None = None) -> Connection:
    """Return a connection; nothing is asked of the server yet unless kfp must know the namespace.

    Args:
        host: "" takes KF_PIPELINES_ENDPOINT, then the pod's cluster, then the kubeconfig.
        namespace: the user's, in a multi-user installation.
        policy: how long to wait, and how often to ask.
    """
    policy = policy or CallPolicy()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        client = _client(host, namespace, policy)
    _ask_once(client._pipelines_api)
    return Connection(
        host=str(client._existing_config.host),
        ui=str(client._get_url_prefix()).rstrip("/"),
        namespace=namespace or client.get_user_namespace() or "",
        pipelines=client._pipelines_api,
        uploads=client._upload_api,
        recurring_runs=client._recurring_run_api,
        experiments=client._experiment_api,
        runs=client._run_api,
        policy=policy,
    )


def _client(host: str, namespace: str, policy: CallPolicy) -> Any:
    import kfp

    class Client(kfp.Client):
        """kfp's own asks five times, five seconds apart, whether there are several users."""

        def get_kfp_healthz(self, sleep_duration: int = 5) -> Any:
            del sleep_duration
            timeouts = (policy.timeout_s, policy.timeout_s)
            ask = self._healthz_api.healthz_service_get_healthz
            _ask_once(self._healthz_api)
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


def _ask_once(api: Any) -> None:
    """Keep urllib3 from asking again by itself, at once and without a word."""
    api.api_client.rest_client.pool_manager.connection_pool_kw["retries"] = False


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
        raise unreachable(_brief(error), doing=doing, host=host) from None
    except (ValueError, KeyError, TypeError) as error:
        # A login page, or a proxy's error page, where JSON should be.
        do = "correct --host, or log in"
        raise ServerError(f"JSON from {host} to {doing}", received=_brief(error), do=do) from error


def _json(function: Callable[..., Any], *words: Any, **options: Any) -> Any:
    """Call, and refuse what is not JSON: the generated client takes it for an empty answer."""
    made = function(*words, **options)
    data = function.__self__.api_client.last_response.data  # type: ignore[attr-defined]
    text = data.decode(errors="replace") if isinstance(data, bytes) else str(data)
    if not text.lstrip().startswith("{"):
        raise ValueError(text)
    return made


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
