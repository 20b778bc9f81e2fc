"""The tuning pipeline: rank by probes, fine-tune the best few, choose, then as in training."""

from typing import Any

from kfp import dsl

from components.augment.component import augment
from components.notify.component import notify
from components.plan.component import plan
from components.rank.component import rank
from components.select.component import select
from components.train.component import train_finalist
from components.validate.component import validate
from pipelines.dags.judging import judge_and_deploy
from pipelines.dags.reading import read_pictures


def tuning_pipeline(*, parallelism: int, lasting: str = "") -> Any:
    """Return the pipeline; how many finalists are trained side by side is part of the DAG.

    Args:
        parallelism: at least 1.
        lasting: "" for this machine, else as `read_pictures` has it.
    """

    @dsl.pipeline(
        name="graft-tuning",
        description="Pictures in, the network that suits them out, judged and served.",
    )
    def pipeline(
        run: str,
        ingest_config: str,
        validate_config: str,
        augment_config: str,
        train_config: str,
        rank_config: str,
        plan_config: str,
        select_config: str,
        export_config: str,
        evaluate_config: str,
        gate_config: str,
        reference_config: str,
        deploy_config: str,
        notify_config: str,
    ) -> None:
        """Rank, fine-tune and choose, then export, evaluate, judge and, if it passes, deploy.

        Args:
            run: the RunContext as JSON.
            augment_config: of the largest size; finalists get shards of their own size.
            *_config: each step's section as canonical JSON.
        """
        last = notify(config=notify_config, run=run)
        last.set_caching_options(False)
        with dsl.ExitHandler(exit_task=last, name="tuning"):
            steady = lasting or run
            ingested = read_pictures(config=ingest_config, run=run, lasting=lasting)
            validated = validate(
                dataset=ingested.outputs["dataset"], config=validate_config, run=steady
            )
            dataset = validated.outputs["validated"]
            shards = augment(dataset=dataset, config=augment_config, run=steady)
            ranked = rank(
                shards=shards.outputs["shards"],
                config=rank_config,
                train_config=train_config,
                run=steady,
            )
            planned = plan(
                ranking=ranked.outputs["ranking"],
                config=plan_config,
                augment_config=augment_config,
                train_config=train_config,
                run=run,
            )
            # The clock is part of what it decides by.
            planned.set_caching_options(False)
            with dsl.ParallelFor(
                planned.outputs["Output"], name="finalists", parallelism=parallelism
            ) as finalist:
                # Locally each needs its own name; on a cluster the clock in it would forbid reuse.
                own = augment(dataset=dataset, config=finalist.augment, run=lasting or finalist.run)
                trained = train_finalist(
                    shards=own.outputs["shards"],
                    config=finalist.train,
                    allowance=finalist.allowance,
                    run=finalist.run,
                )
                trained.set_caching_options(False)
            chosen = select(
                candidates=dsl.Collected(trained.outputs["candidate"]),
                shortlist=planned.outputs["shortlist"],
                dataset=dataset,
                config=select_config,
                run=run,
            )
            chosen.set_caching_options(False)
            judge_and_deploy(
                chosen.outputs["candidate"],
                dataset,
                run=run,
                steady=steady,
                export_config=export_config,
                evaluate_config=evaluate_config,
                gate_config=gate_config,
                reference_config=reference_config,
                deploy_config=deploy_config,
            )

    return pipeline
