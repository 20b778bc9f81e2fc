"""The monitoring pipeline: look, and train again if that is the word."""

from typing import Any

from kfp import dsl

from components.monitor.component import monitor
from components.notify.component import notify
from pipelines.dags.training import train_and_judge


def retraining_of(lasting: str, nodes: str = "") -> Any:
    """Return the nested pipeline that trains.

    Args:
        lasting: "" for this machine, else as `read_pictures` has it.
        nodes: as `train_and_judge` has it.
    """

    @dsl.pipeline(
        name="graft-retraining",
        description="The training pipeline without its exit step, which is the monitoring's.",
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
    ) -> None:
        """Ingest to deploy, nested: Kubeflow wants exit handlers at the top only."""
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
            warm=True,
        )

    return pipeline


def monitoring_of(retraining: Any) -> Any:
    """Return the pipeline that looks, and starts the given one if the word is "retrain"."""

    @dsl.pipeline(
        name="graft-monitoring",
        description="Look at what production sent; train again when accuracy is being lost.",
    )
    def pipeline(
        run: str,
        monitor_config: str,
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
        """Look and, if the word is "retrain", train from the serving version.

        Args:
            run: the RunContext as JSON.
            train_config: names the serving model as its warm start.
            *_config: each step's section as canonical JSON.
        """
        last = notify(config=notify_config, run=run)
        last.set_caching_options(False)
        with dsl.ExitHandler(exit_task=last, name="monitoring"):
            looked = monitor(config=monitor_config, run=run, job=dsl.PIPELINE_JOB_ID_PLACEHOLDER)
            looked.set_caching_options(False)
            # As with the gate: only the single plain return value can be branched on.
            with dsl.If(looked.outputs["Output"] == "retrain", name="worth-a-run"):
                retraining(
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
                )

    return pipeline


monitoring_pipeline = monitoring_of(retraining_of(""))
