"""The tuning pipeline: rank by probes, fine-tune the best few, choose, then as in training."""

from typing import Any

from kfp import dsl

from components.augment.component import augment
from components.plan.component import plan
from components.rank.component import rank
from components.select.component import select
from components.train.component import train_finalist
from pipelines.dags import PIPELINES
from pipelines.dags.drawing import Fixed, Given, announced, fresh, to_kfp
from pipelines.dags.parts import judge_and_deploy, read


def pipeline(fixed: Fixed) -> Any:
    """Return the pipeline: rank, fine-tune and choose, then go on as in training."""
    return to_kfp("tuning", _draw, PIPELINES["tuning"].steps, fixed)


def _draw(given: Given) -> None:
    with announced(given, "tuning"):
        dataset, shards, inspected = read(given)
        base = {"augment": given.sections["augment"], "train": given.sections["train"]}
        ranked = rank(shards=shards, train=base["train"], **given.lasting("rank"))
        if not given.fixed.lasting:
            ranked.after(inspected)
        # The clock is part of what it decides by.
        planned = fresh(plan(ranking=ranked.outputs["ranking"], **base, **given.now("plan")))
        with dsl.ParallelFor(
            planned.outputs["Output"], name="finalists", parallelism=given.fixed.parallelism
        ) as finalist:
            # Locally each needs its own name; on a cluster the clock in it would forbid reuse.
            own = augment(
                dataset=dataset,
                settings=finalist.augment,
                run=given.fixed.lasting or finalist.run,
            )
            trained = fresh(
                train_finalist(
                    shards=own.outputs["shards"],
                    settings=finalist.train,
                    allowance=finalist.allowance,
                    run=finalist.run,
                )
            )
        chosen = fresh(
            select(
                candidates=dsl.Collected(trained.outputs["candidate"]),
                shortlist=planned.outputs["shortlist"],
                dataset=dataset,
                **given.now("select"),
            )
        )
        judge_and_deploy(given, chosen.outputs["candidate"], dataset, inspected)
