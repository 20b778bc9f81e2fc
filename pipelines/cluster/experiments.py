"""The experiment that holds everything that Graft starts."""

from pipelines.cluster.connect import Connection

EXPERIMENT = "graft"


def experiment_id(connection: Connection) -> str | None:
    """Return the id of Graft's experiment, None if it is not there."""
    list_them = connection.experiments.experiment_service_list_experiments
    found = connection.read_named(list_them, EXPERIMENT, items="experiments")
    return str(found.experiment_id) if found else None


def ensure_experiment(connection: Connection) -> str:
    """Return the id of Graft's experiment, made if it is not there."""
    import kfp_server_api as api

    known = experiment_id(connection)
    if known is not None:
        return known
    made = connection.create(
        connection.experiments.experiment_service_create_experiment,
        api.V2beta1Experiment(display_name=EXPERIMENT, **connection.scope),
        doing=f"create the experiment {EXPERIMENT}",
    )
    return str(made.experiment_id)
