"""The training pipeline: the same DAG on a laptop and on Kubeflow Pipelines."""

from typing import Any

from kfp import dsl

from components.augment.component import augment
from components.notify.component import notify
from components.train.component import train, train_on_nodes
from components.validate.component import validate
from pipelines.dags.judging import judge_and_deploy
from pipelines.dags.reading import read_pictures


def train_and_judge(
    *,
    run: Any,
    ingest_config: Any,
    validate_config: Any,
    augment_config: Any,
    train_config: Any,
    export_config: Any,
    evaluate_config: Any,
    gate_config: Any,
    reference_config: Any,
    deploy_config: Any,
    lasting: str = "",
    nodes: str = "",
    warm: bool = False,
) -> None:
    """Add the tasks from ingest to deploy to the pipeline that is being traced.

    Args:
        run: the RunContext, as all the others a pipeline parameter.
        *_config: each step's section.
        lasting: what steps that may be reused are told of the run, see `read_pictures`.
        nodes: the NodesConfig of a training by several; "" trains in the step's own process.
        warm: training starts from the version that serves, which Kubeflow's cache cannot see.
    """
    steady = lasting or run
    ingested = read_pictures(config=ingest_config, run=run, lasting=lasting)
    validated = validate(dataset=ingested.outputs["dataset"], config=validate_config, run=steady)
    dataset = validated.outputs["validated"]
    shards = augment(dataset=dataset, config=augment_config, run=steady)
    given = {"shards": shards.outputs["shards"], "config": train_config, "run": steady}
    trained = train_on_nodes(nodes=nodes, **given) if nodes else train(**given)
    if warm:
        trained.set_caching_options(False)
    judge_and_deploy(
        trained.outputs["candidate"],
        dataset,
        run=run,
        steady=steady,
        export_config=export_config,
        evaluate_config=evaluate_config,
        gate_config=gate_config,
        reference_config=reference_config,
        deploy_config=deploy_config,
    )


def training_of(lasting: str, nodes: str = "") -> Any:
    """Return the pipeline.

    Args:
        lasting: "" for this machine, else as `read_pictures` has it.
        nodes: as `train_and_judge` has it.
    """

    @dsl.pipeline(
        name="graft-training",
        description="Pictures in, a judged and served image model out.",
    )
    def pipeline(
        run: str,
        ingest_config: str,
        validate_config: str,
        augment_config: str,
        train_config: str,
        export_config: str,
        evaluate_config: str,
        gate_config: str,
        reference_config: str,
        deploy_config: str,
        notify_config: str,
    ) -> None:
        """Ingest, validate, augment, train, export, evaluate, judge and, if it passes, deploy.

        Args:
            run: the RunContext as JSON.
            *_config: each step's section as canonical JSON.
        """
        last = notify(config=notify_config, run=run)
        last.set_caching_options(False)
        with dsl.ExitHandler(exit_task=last, name="training"):
            train_and_judge(
                run=run,
                ingest_config=ingest_config,
                validate_config=validate_config,
                augment_config=augment_config,
                train_config=train_config,
                export_config=export_config,
                evaluate_config=evaluate_config,
                gate_config=gate_config,
                reference_config=reference_config,
                deploy_config=deploy_config,
                lasting=lasting,
                nodes=nodes,
            )

    return pipeline


training_pipeline = training_of("")
