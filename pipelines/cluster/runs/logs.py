"""What a task's pod wrote, from the API server or from Kubeflow's interface."""

from urllib.parse import quote, urlencode

from components.common.errors import DataError, ServerError
from pipelines.cluster.connect import Connection
from pipelines.cluster.errors import ClusterRefusedError
from pipelines.cluster.runs.client import Run
from pipelines.cluster.runs.tasks import RunTask


def read_log(connection: Connection, run: Run, task_name: str) -> str:
    """Return the log of one task; while it runs, what it has written so far.

    Raises:
        DataError: there is no such task, or it has no pod: it waits, or was reused.
        ServerError: neither the API server nor the interface has the log.
    """
    task = _task(run, task_name)
    namespace = connection.namespace or "kubeflow"
    pod = urlencode({"podname": task.pod, "runid": run.run_id, "podnamespace": namespace})
    for path in (
        f"/apis/v1alpha1/runs/{quote(run.run_id)}/nodes/{quote(task.pod)}/log",
        # The interface also knows the logs of pods that are gone, from the artifact store.
        f"/k8s/pod/logs?{pod}",
    ):
        try:
            return connection.read_text(path, doing=f"read the log of {task_name}")
        except (ClusterRefusedError, ServerError) as error:
            if isinstance(error, ClusterRefusedError) and error.status in {401, 403}:
                raise
            said = str(error)
    do = f"try `kubectl logs -n {namespace} {task.pod} -c main`"
    raise ServerError(f"the log of {task_name}", received=said, do=do)


def _task(run: Run, name: str) -> RunTask:
    found = [task for task in run.tasks if task.name == name]
    if not found:
        known = ", ".join(task.name for task in run.tasks) or "none has started"
        raise DataError(f"a task of {run.name} ({known})", received=f"'{name}'", do="choose one")
    task = found[-1]
    if not task.pod:
        raise DataError(
            f"a task of {run.name} that has a pod",
            received=f"'{name}', which is {task.state.lower()}",
            do="wait for it, or look at the run whose outputs were reused",
        )
    return task


def unfinished_or_failed(run: Run) -> RunTask | None:
    """Return the task whose log is worth reading first: the one that failed, else that runs."""
    with_pod = [task for task in run.tasks if task.pod]
    worth = [task for state in ("FAILED", "RUNNING") for task in with_pod if task.state == state]
    return worth[0] if worth else None
