"""The experiment that holds everything that Graft starts."""

from pipelines.cluster.connect import Connection
from pipelines.cluster.filters import all_pages, named

EXPERIMENT = "graft"


def ensure_experiment(connection: Connection, name: str) -> str:
    """Return the id of the experiment of that name, made if it is not there."""
    import kfp_server_api as api

    scope = {"namespace": connection.namespace} if connection.namespace else {}
    found = all_pages(
        connection,
        connection.experiments.experiment_service_list_experiments,
        items="experiments",
        doing="list experiments",
        filter=named(name),
        **scope,
    )
    exact = [one for one in found if one.display_name == name]
    if exact:
        return str(exact[0].experiment_id)
    made = connection.create(
        connection.experiments.experiment_service_create_experiment,
        api.V2beta1Experiment(display_name=name, **scope),
        doing=f"create the experiment {name}",
    )
    return str(made.experiment_id)
