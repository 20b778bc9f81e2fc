"""The end that all pipelines share: a candidate is exported, evaluated, judged and deployed."""

from typing import Any

from kfp import dsl

from components.deploy.component import deploy
from components.evaluate.component import evaluate
from components.export.component import export
from components.gate.component import gate
from components.reference.component import reference


def judge_and_deploy(
    candidate: Any,
    dataset: Any,
    *,
    run: Any,
    steady: Any,
    export_config: Any,
    evaluate_config: Any,
    gate_config: Any,
    reference_config: Any,
    deploy_config: Any,
) -> None:
    """Add the tasks from export to deploy to the pipeline that is being traced.

    A plain function and not a nested pipeline: the condition must stand in the same DAG as the
    gate's task.

    Args:
        candidate: the Candidate artifact, a task's output.
        dataset: the validated Dataset artifact.
        steady: the RunContext that steps get that Kubeflow may reuse.
        run: the RunContext, as all the others a pipeline parameter.
        *_config: each step's section.
    """
    exporting = export(candidate=candidate, dataset=dataset, config=export_config, run=steady)
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
        referred = reference(exported=exported, dataset=dataset, config=reference_config, run=run)
        referred.set_caching_options(False)
        deployed = deploy(
            exported=exported,
            evaluation=evaluation,
            verdict=judged.outputs["verdict"],
            dataset=dataset,
            reference=referred.outputs["reference"],
            candidate=candidate,
            config=deploy_config,
            run=run,
        )
        deployed.set_caching_options(False)
