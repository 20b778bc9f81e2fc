"""Classify, Regress and MultiInference: the tf.Example APIs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from serving.protocol.status import Code, StatusError, failed_precondition, invalid_argument
from serving.server import metrics
from serving.server.graph.predict import run_signature
from serving.server.graph.servable import Servable
from serving.server.graph.signatures import DEFAULT_SIGNATURE, Signature

Array = np.ndarray[Any, Any]

CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"


@dataclass(frozen=True)
class _Plan:
    """What to run for a signature: the aliases of its useful outputs."""

    signature: Signature
    outputs: Sequence[str]


def classify(
    servable: Servable, request: Any, response: Any, *, timeout_ms: int, check_method: bool = False
) -> None:
    """Answer a ClassificationRequest; errors as in servables/tensorflow/classifier.cc."""
    plan = _plan_classify(_named_signature(servable, request.model_spec), check=check_method)
    examples = serialized_examples(request.input)
    metrics.example_count(servable.model, len(examples))
    arrays = _run(servable, plan, examples, timeout_ms, "Classify")
    _fill_classification(plan, arrays, len(examples), response.result)
    _fill_model_spec(response.model_spec, servable, request.model_spec)


def regress(
    servable: Servable, request: Any, response: Any, *, timeout_ms: int, check_method: bool = False
) -> None:
    """Answer a RegressionRequest; errors as in servables/tensorflow/regressor.cc."""
    plan = _plan_regress(_named_signature(servable, request.model_spec), check=check_method)
    examples = serialized_examples(request.input)
    metrics.example_count(servable.model, len(examples))
    arrays = _run(servable, plan, examples, timeout_ms, "Regress")
    _fill_regression(arrays, len(examples), response.result)
    _fill_model_spec(response.model_spec, servable, request.model_spec)


def multi_inference(
    servable: Servable, request: Any, response: Any, *, timeout_ms: int, check_method: bool = False
) -> None:
    """Answer a MultiInferenceRequest: several signatures of one model over one input."""
    plans = _plan_tasks(servable, request.tasks, check=check_method)
    examples = serialized_examples(request.input)
    metrics.example_count(servable.model, len(examples))
    fetches = sorted(
        {plan.signature.outputs[alias].tensor for plan in plans for alias in plan.outputs}
    )
    feed = plans[0].signature.inputs["inputs"].tensor
    arrays = servable.run(None, {feed: examples}, fetches, timeout_ms=timeout_ms)
    values = dict(zip(fetches, arrays, strict=True))
    for task, plan in zip(request.tasks, plans, strict=True):
        own = [values[plan.signature.outputs[alias].tensor] for alias in plan.outputs]
        result = response.results.add()
        if task.method_name == CLASSIFY:
            _fill_classification(plan, own, len(examples), result.classification_result)
        else:
            _fill_regression(own, len(examples), result.regression_result)
        _fill_model_spec(result.model_spec, servable, task.model_spec)


def _plan_tasks(servable: Servable, tasks: Any, *, check: bool) -> list[_Plan]:
    plans: list[_Plan] = []
    seen: set[str] = set()
    for task in tasks:
        if not task.model_spec.name:
            raise invalid_argument("Found ModelSpec with an empty model name.")
        if task.model_spec.name != tasks[0].model_spec.name:
            raise invalid_argument(
                "All ModelSpecs in a MultiInferenceRequest must access the same model name."
            )
        name = task.model_spec.signature_name or DEFAULT_SIGNATURE
        if name in seen:
            raise invalid_argument(f"Duplicate evaluation of signature: {name}")
        seen.add(name)
        if name not in servable.signatures:
            raise invalid_argument(f"Requested signature not found in model graph: {name}")
        plans.append(_plan_task(servable.signatures[name], task.method_name, check=check))
    tensors = {plan.signature.inputs["inputs"].tensor for plan in plans}
    if len(tensors) > 1:
        raise invalid_argument("Input tensor must be the same for all Signatures.")
    return plans


def _plan_task(signature: Signature, method: str, *, check: bool) -> _Plan:
    if method == CLASSIFY:
        return _plan_classify(signature, check=check)
    if method == REGRESS:
        return _plan_regress(signature, check=check)
    raise StatusError(Code.UNIMPLEMENTED, f"Unsupported signature method_name: {method}")


def _named_signature(servable: Servable, spec: Any) -> Signature:
    name = spec.signature_name or DEFAULT_SIGNATURE
    if name not in servable.signatures:
        raise invalid_argument(f"No signature was found with the name: {name}")
    return servable.signatures[name]


def _plan_classify(signature: Signature, *, check: bool) -> _Plan:
    _check_method(signature, CLASSIFY, "classification", check=check)
    if len(signature.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    if len(signature.outputs) not in {1, 2}:
        raise invalid_argument(
            f"Expected one or two output Tensors, found {len(signature.outputs)}"
        )
    if "inputs" not in signature.inputs:
        raise failed_precondition(
            f"No classification inputs found in SignatureDef: {_describe(signature)}"
        )
    outputs = [alias for alias in ("classes", "scores") if alias in signature.outputs]
    if not outputs:
        raise failed_precondition(
            "Expected classification signature outputs to contain at least one of "
            f'"classes" or "scores". Signature was: {_describe(signature)}'
        )
    return _Plan(signature, outputs)


def _plan_regress(signature: Signature, *, check: bool) -> _Plan:
    _check_method(signature, REGRESS, "regression", check=check)
    if len(signature.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    if len(signature.outputs) != 1:
        raise invalid_argument("Expected one output Tensor.")
    if "inputs" not in signature.inputs:
        raise failed_precondition(
            f"No regression inputs found in SignatureDef: {_describe(signature)}"
        )
    if "outputs" not in signature.outputs:
        raise failed_precondition(
            f"No regression outputs found in SignatureDef: {_describe(signature)}"
        )
    return _Plan(signature, ["outputs"])


def _check_method(signature: Signature, method: str, word: str, *, check: bool) -> None:
    if check and signature.method != method:
        raise invalid_argument(
            f"Expected {word} signature method_name to be {method}. Was: {signature.method}"
        )


def _describe(signature: Signature) -> str:
    return (
        f"inputs: {', '.join(signature.inputs)}; outputs: {', '.join(signature.outputs)}; "
        f"method_name: {signature.method}"
    )


def serialized_examples(message: Any) -> Array:
    """Return the serialized tf.Examples of an Input, the context put in front of each.

    Concatenated protobufs merge, so that is how the original adds the context.

    Raises:
        StatusError: INVALID_ARGUMENT when there is none.
    """
    kind = message.WhichOneof("kind")
    prefix, examples = b"", []
    if kind == "example_list":
        examples = list(message.example_list.examples)
    elif kind == "example_list_with_context":
        prefix = message.example_list_with_context.context.SerializeToString()
        examples = list(message.example_list_with_context.examples)
    if not examples:
        raise invalid_argument("Input is empty.")
    out = np.empty(len(examples), object)
    out[:] = [prefix + example.SerializeToString() for example in examples]
    return out


def _run(
    servable: Servable, plan: _Plan, examples: Array, timeout_ms: int, api: str
) -> list[Array]:
    feed = plan.signature.inputs["inputs"].tensor
    return run_signature(
        servable, plan.signature, {feed: examples}, plan.outputs, timeout_ms=timeout_ms, api=api
    )


def _fill_classification(plan: _Plan, arrays: list[Array], rows: int, result: Any) -> None:
    named = dict(zip(plan.outputs, arrays, strict=True))
    for alias, kind, word in (("classes", "O", "DT_STRING"), ("scores", "f", "DT_FLOAT")):
        if alias in named:
            _check_matrix(named[alias], alias, kind, word, rows)
    widths = {array.shape[1] for array in arrays}
    if len(widths) > 1:
        raise invalid_argument(
            "Tensors class and score should match in dim_size(1). Got "
            f"{named['classes'].shape[1]} vs. {named['scores'].shape[1]}"
        )
    for row in range(rows):
        entry = result.classifications.add()
        for column in range(widths.copy().pop()):
            one = entry.classes.add()
            if "classes" in named:
                # Labels that are no UTF-8 cannot travel in a protobuf string.
                one.label = named["classes"][row, column].decode("utf-8", "replace")
            if "scores" in named:
                one.score = named["scores"][row, column]


def _check_matrix(array: Array, alias: str, kind: str, word: str, rows: int) -> None:
    if array.ndim != 2:
        raise invalid_argument(
            "Expected Tensor shape: [batch_size num_classes] but got "
            f"[{','.join(map(str, array.shape))}]"
        )
    if array.dtype.kind != kind or (kind == "f" and array.dtype.itemsize != 4):
        raise invalid_argument(f"Expected {alias} Tensor of {word}. Got: {array.dtype.name}")
    if array.shape[0] != rows:
        raise invalid_argument(
            f"Expected {alias} output batch size of {rows}. Got: {array.shape[0]}"
        )


def _fill_regression(arrays: list[Array], rows: int, result: Any) -> None:
    (array,) = arrays
    if not (array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1)):
        raise invalid_argument(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got "
            f"[{','.join(map(str, array.shape))}]"
        )
    if array.shape[0] != rows:
        raise invalid_argument(
            f"Input batch size did not match output batch size: {rows} vs. {array.shape[0]}"
        )
    if array.dtype != np.float32:
        raise invalid_argument(f"Expected output Tensor of DT_FLOAT.  Got: {array.dtype.name}")
    for value in array.ravel().tolist():
        result.regressions.add(value=value)


def _fill_model_spec(target: Any, servable: Servable, spec: Any) -> None:
    target.name = spec.name
    target.signature_name = spec.signature_name or DEFAULT_SIGNATURE
    target.version.value = servable.version
