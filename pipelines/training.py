"""The training pipeline: the same DAG on a laptop and on Kubeflow Pipelines."""

from kfp import dsl

from components.augment.component import augment
from components.deploy.component import deploy
from components.evaluate.component import evaluate
from components.export.component import export
from components.gate.component import gate
from components.ingest.component import ingest
from components.notify.component import notify
from components.train.component import train
from components.validate.component import validate


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
        candidate = trained.outputs["candidate"]
        exporting = export(candidate=candidate, dataset=dataset, config=export_config, run=run)
        exported = exporting.outputs["exported"]
        evaluated = evaluate(
            exported=exported, candidate=candidate, dataset=dataset, config=evaluate_config, run=run
        )
        evaluated.set_caching_options(False)
        evaluation = evaluated.outputs["evaluation"]
        judged = gate(evaluation=evaluation, config=gate_config, run=run)
        judged.set_caching_options(False)
        # kfp.local takes a condition on any *named* output for false, silently: this must stay
        # the single plain return value.
        with dsl.If(judged.outputs["Output"] == "deploy", name="passed-the-gate"):
            deployed = deploy(
                exported=exported,
                evaluation=evaluation,
                verdict=judged.outputs["verdict"],
                dataset=dataset,
                config=deploy_config,
                run=run,
            )
            deployed.set_caching_options(False)
