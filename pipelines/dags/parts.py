"""What the DAGs share: from the source to shards, and from a candidate to a deployment."""

from typing import Any

from kfp import dsl

from components.augment.component import augment
from components.deploy.component import deploy
from components.evaluate.component import evaluate
from components.export.component import export
from components.gate.component import gate
from components.ingest.component import fingerprint, ingest
from components.inspect.component import inspect
from components.reference.component import reference
from components.train.component import rivals, train, train_on_nodes
from components.validate.component import kept_splits, validate
from pipelines.dags.drawing import Given, fresh


def read(given: Given) -> tuple[Any, Any, Any]:
    """Draw ingest to inspect; return the validated Dataset, the Shards and inspect's task.

    On a cluster `fingerprint` and `kept_splits` come first and are never cached: Kubeflow sees by
    their digests whether the pictures behind an unchanged path are the same, and the splits that
    known pictures keep.
    """
    if given.fixed.lasting:
        seen = fresh(fingerprint(**given.now("ingest"))).outputs["Output"]
        ingested = ingest(**given.lasting("ingest"), fingerprint=seen)
        kept = {"kept": fresh(kept_splits(**given.now("validate"))).outputs["Output"]}
    else:
        ingested, kept = fresh(ingest(**given.now("ingest"))), {}
    validated = validate(dataset=ingested.outputs["dataset"], **given.lasting("validate"), **kept)
    dataset = validated.outputs["validated"]
    shards = augment(dataset=dataset, **given.lasting("augment")).outputs["shards"]
    asked = {"train": given.sections["train"], **given.lasting("inspect")}
    return dataset, shards, inspect(dataset=dataset, shards=shards, **asked)


def train_and_judge(given: Given, *, warm: bool = False) -> None:
    """Draw the tasks from ingest to deploy.

    With `warm`, training starts from the version that serves, which Kubeflow's cache cannot see.
    On a cluster `rivals`, never cached, says by a digest which versions train has to fit again.
    """
    dataset, shards, inspected = read(given)
    nodes, asked = given.fixed.nodes, given.lasting("train")
    if nodes:
        trained = train_on_nodes(shards=shards, nodes=nodes, **asked)
    else:
        seen = {}
        if given.fixed.lasting:
            seen = {"rivals": fresh(rivals(shards=shards, **given.now("train"))).outputs["Output"]}
        trained = train(shards=shards, **asked, **seen)
    if warm:
        fresh(trained)
    if not given.fixed.lasting:
        # Training finds the embeddings that inspect has computed; pods share no cache.
        trained.after(inspected)
    judge_and_deploy(given, trained.outputs["candidate"], dataset, inspected)


def judge_and_deploy(given: Given, candidate: Any, dataset: Any, inspected: Any) -> None:
    """Draw the tasks from export to deploy.

    A plain function and not a nested pipeline: the condition must stand in the same DAG as the
    gate's task. `candidate` and `dataset` (the validated one) are artifacts, `inspected` a task.
    """
    known = {"dataset": dataset, "candidate": candidate}
    exported = export(**known, **given.lasting("export")).outputs["exported"]
    inspection = inspected.outputs["inspection"]
    asked = {"exported": exported, "inspection": inspection, **given.now("evaluate")}
    evaluated = fresh(evaluate(**known, **asked))
    evaluation = evaluated.outputs["evaluation"]
    judged = fresh(gate(evaluation=evaluation, **given.now("gate")))
    # kfp.local takes a condition on any *named* output for false, silently: this must stay
    # the single plain return value.
    with dsl.If(judged.outputs["Output"] == "deploy", name="passed-the-gate"):
        referred = fresh(
            reference(
                exported=exported,
                dataset=dataset,
                evaluation=evaluation,
                **given.now("reference"),
            )
        )
        fresh(
            deploy(
                exported=exported,
                evaluation=evaluation,
                verdict=judged.outputs["verdict"],
                reference=referred.outputs["reference"],
                **known,
                **given.now("deploy"),
            )
        )
