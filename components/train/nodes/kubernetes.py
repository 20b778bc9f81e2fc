"""The Kubernetes API, as a step's pod sees it: its own pod, and TrainJobs in its namespace.

The client is that of the package `kubernetes`, which kfp brings. An API server that is away for a
few minutes, as while it is upgraded, is waited for: a training is worth more than that.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import tenacity

from components.common.errors import ConfigError, RequestError, UnreachableError, expected
from components.train.nodes.job import GROUP, PLURAL, VERSION

LOG = logging.getLogger(__name__)

POD_NAME = "KFP_POD_NAME"
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_WORKFLOW = "workflows.argoproj.io/workflow"
_TOO_MANY, _SERVER_ERROR = 429, 500


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long one answer is waited for, and how long the API may be away.

    The waits between attempts double from `first_wait_s` up to `longest_wait_s`.
    """

    timeout_s: float = 30.0
    total_s: float = 600.0
    first_wait_s: float = 1.0
    longest_wait_s: float = 30.0


def here(environment: Mapping[str, str], account: Path = SERVICE_ACCOUNT) -> "ClusterApi":
    """Return the API as a pod of Kubeflow Pipelines sees it.

    Args:
        environment: of the process.
        account: the folder that Kubernetes mounts with the token.

    Raises:
        ConfigError: this is no such pod.
    """
    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException
    from kubernetes.config.incluster_config import InClusterConfigLoader

    configuration = Configuration()
    try:
        InClusterConfigLoader(
            token_filename=str(account / "token"),
            cert_filename=str(account / "ca.crt"),
            environ=environment,
        ).load_and_set(configuration)
        namespace = (account / "namespace").read_text().strip()
        pod = environment[POD_NAME]
    except (ConfigException, OSError, KeyError) as error:
        raise ConfigError(
            f"a pod of Kubeflow Pipelines, with a service account and {POD_NAME}",
            received=str(error),
            do="submit the pipeline to a cluster, or leave cluster.train_nodes.count at 1",
        ) from None
    return ClusterApi(configuration, namespace=namespace, pod=pod)


class ClusterApi:
    """What a step asks of the API; a context manager, which closes the connections.

    Args:
        configuration: of the client: address, certificate, token.
        namespace: of the run.
        pod: this step's.
        patience: with every answer.
    """

    def __init__(
        self, configuration: Any, *, namespace: str, pod: str, patience: Patience | None = None
    ) -> None:
        from kubernetes import client

        # urllib3 would ask again by itself, at once and without a word.
        configuration.retries = False
        self.configuration, self.namespace, self.pod = configuration, namespace, pod
        self._kind = (GROUP, VERSION, namespace, PLURAL)
        self._client = client.ApiClient(configuration)
        self._jobs = client.CustomObjectsApi(self._client)
        self._pods = client.CoreV1Api(self._client)
        self._patience = patience or Patience()

    def __enter__(self) -> "ClusterApi":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.rest_client.pool_manager.clear()
        self._client.close()

    def own_run(self) -> tuple[str, list[dict[str, str]]]:
        """Return the name of this run's workflow, and references to it as an owner.

        Raises:
            RequestError: refused.
            UnreachableError: no answer for longer than patience lasts; so below.
        """
        pod = self._ask(
            self._pods.read_namespaced_pod,
            self.pod,
            self.namespace,
            doing=f"get the pod {self.pod}",
        ).metadata
        owners = [
            {"apiVersion": o.api_version, "kind": o.kind, "name": o.name, "uid": o.uid}
            for o in pod.owner_references or ()
            if o.kind == "Workflow"
        ]
        return (pod.labels or {}).get(_WORKFLOW, self.pod), owners

    def create_job(self, job: Mapping[str, Any]) -> None:
        """Create a TrainJob; one of that name that is there already is left as it is.

        Raises:
            RequestError: refused, or there is no Trainer.
        """
        try:
            self._ask(
                self._jobs.create_namespaced_custom_object,
                *self._kind,
                dict(job),
                doing="create a TrainJob",
            )
        except _ConflictError:
            # Its name is that of this very work: an earlier request of ours, whose answer was lost.
            LOG.info("the TrainJob is there already")
        except _NotFoundError as error:
            raise RequestError(
                f"Kubeflow Trainer ({GROUP}/{VERSION}) in the cluster",
                received=str(error),
                do="have Trainer 2.2 or later installed (docs/how-to/gpu.md), or set "
                "cluster.train_nodes.count to 1",
            ) from None

    def job(self, name: str) -> dict[str, Any] | None:
        """Return a TrainJob; None where there is none of that name.

        Raises:
            RequestError: refused.
        """
        try:
            found: dict[str, Any] = self._ask(
                self._jobs.get_namespaced_custom_object,
                *self._kind,
                name,
                doing=f"get the TrainJob {name}",
            )
        except _NotFoundError:
            return None
        return found

    def delete_job(self, name: str, *, patience: Patience | None = None) -> None:
        """Delete a TrainJob, if it is there; it leaves after its pods have left.

        Raises:
            RequestError: refused.
        """
        try:
            self._ask(
                self._jobs.delete_namespaced_custom_object,
                *self._kind,
                name,
                propagation_policy="Foreground",
                doing=f"delete the TrainJob {name}",
                patience=patience,
            )
        except _NotFoundError:
            LOG.info("the TrainJob %s is gone already", name)

    def _ask(
        self,
        call: Callable[..., Any],
        *arguments: Any,
        doing: str,
        patience: Patience | None = None,
        **options: Any,
    ) -> Any:
        """Call, with the time allowed; again where the API is away or stumbles."""
        patience = patience or self._patience
        again = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(UnreachableError),
            wait=tenacity.wait_exponential(patience.first_wait_s, max=patience.longest_wait_s),
            stop=tenacity.stop_before_delay(patience.total_s),
            before_sleep=_log_wait,
            reraise=True,
        )
        bounded = partial(call, *arguments, _request_timeout=patience.timeout_s, **options)
        want = f"the API server to {doing} in {self.namespace}"
        return again(_translated, bounded, want, self.configuration.host)


def _log_wait(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    LOG.warning("%s; asking again in %.0f s", error, state.upcoming_sleep)


class _NotFoundError(RequestError):
    """404."""


class _ConflictError(RequestError):
    """409."""


def _translated(call: Callable[[], Any], want: str, host: str) -> Any:
    """Call, with the errors of the client turned into ours."""
    import urllib3
    from kubernetes.client import ApiException

    try:
        return call()
    except ApiException as error:
        said = f"{error.status}: {_message(error)}"
        if not error.status or error.status == _TOO_MANY or error.status >= _SERVER_ERROR:
            raise UnreachableError(
                want, received=said, do=f"look at the control plane ({host})"
            ) from None
        kinds = {404: _NotFoundError, 409: _ConflictError}
        raise kinds.get(error.status, RequestError)(
            expected(want, received=said, do=_advice(error.status, said))
        ) from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        said = f"no answer from {host} ({type(error).__name__})"
        raise UnreachableError(
            want, received=said, do="check the network policies and the control plane"
        ) from None


def _advice(status: int, said: str) -> str:
    # Trainer's own check answers with 403 as well: "admission webhook ... denied the request".
    if status in {401, 403} and "denied the request" not in said:
        return (
            "give the run's service account the rights of deploy/trainjob/pipeline "
            "(kubectl apply -k)"
        )
    return "correct what the answer names, in cluster.train_nodes or in the runtime"


def _message(error: Any) -> str:
    """Return the message of a Kubernetes Status, or the start of whatever else came."""
    body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else error.body
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return " ".join(str(body or error.reason).split())[:200]
