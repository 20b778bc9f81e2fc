"""What Kubeflow Pipelines refuses, in the words of `components.common.errors`."""

import json

from components.common.errors import (
    GraftError,
    RequestError,
    ServerError,
    UnreachableError,
    expected,
)

_LOG_IN = (
    "log in: set GRAFT_KFP_TOKEN to a service account's token, or GRAFT_KFP_COOKIES to the session "
    "cookie of the login page"
)
_ADVICE = {
    401: _LOG_IN,
    403: _LOG_IN,
    404: "correct the name, or the namespace; nothing of that kind is there",
    409: "choose another name, or remove what has it",
    429: "run again a little later",
}


class ClusterRefusedError(RequestError):
    """The API answered with a status of 4xx; `status` says which."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


def of_status(status: int, body: str, *, doing: str, host: str) -> GraftError:
    """Return the error for an answer of HTTP that is no success.

    `body` is JSON of google.rpc.Status or anything else; `doing` is "list recurring runs".
    """
    said = f"{status}: {_message(body)}"
    if status >= 500:
        do = "look at the ml-pipeline pod, then run again: nothing is done twice"
        return ServerError(f"{host} to {doing}", received=said, do=do)
    do = _ADVICE.get(status, "correct what the answer names")
    return ClusterRefusedError(expected(f"{host} to {doing}", received=said, do=do), status=status)


def unreachable(error: object, *, doing: str, host: str) -> UnreachableError:
    """Return the error for no answer at all, or none in time."""
    return UnreachableError(
        f"Kubeflow Pipelines at {host} to {doing}",
        received=f"no answer ({error})",
        do="forward its port (kubectl port-forward -n kubeflow svc/ml-pipeline-ui 8080:80), or "
        "correct --host",
    )


def _message(body: str) -> str:
    try:
        parsed = json.loads(body)
    except ValueError:
        return body.strip().splitlines()[0][:200] if body.strip() else "no reason given"
    if isinstance(parsed, dict):
        for key in ("message", "error_message", "error", "error_details"):
            if isinstance(parsed.get(key), str):
                return str(parsed[key])
    return str(parsed)[:200]
