"""The training pipeline: the same DAG on a laptop and on Kubeflow Pipelines."""

from kfp import dsl

from components.augment.component import augment
from components.ingest.component import ingest
from components.notify.component import notify
from components.train.component import train
from components.validate.component import validate
from pipelines.judging import judge_and_deploy


@dsl.pipeline(
    name="graft-training",
    description="Pictures in, a judged and served image model out.",
)
def training_pipeline(
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
        ingested = ingest(config=ingest_config, run=run)
        validated = validate(dataset=ingested.outputs["dataset"], config=validate_config, run=run)
        dataset = validated.outputs["validated"]
        shards = augment(dataset=dataset, config=augment_config, run=run)
        trained = train(shards=shards.outputs["shards"], config=train_config, run=run)
        judge_and_deploy(
            trained.outputs["candidate"],
            dataset,
            run=run,
            export_config=export_config,
            evaluate_config=evaluate_config,
            gate_config=gate_config,
            reference_config=reference_config,
            deploy_config=deploy_config,
        )
