"""gRPC: Predict, metadata, status, health; codes and texts."""

import grpc
import numpy as np
import pytest
import server_models
import tensorflow as tf
from google.protobuf import wrappers_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from server_harness import predict_request
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    predict_pb2,
)

INVALID = grpc.StatusCode.INVALID_ARGUMENT


def failure(call, request, *, timeout=30):
    with pytest.raises(grpc.RpcError) as caught:
        call(request, timeout=timeout)
    return caught.value.code(), caught.value.details()


def test_predict_fills_the_model_spec(kitchen):
    response = kitchen.prediction.Predict(predict_request(x=[1.0, 2.0]), timeout=30)
    assert response.model_spec.name == "kitchen"
    assert response.model_spec.version.value == 1
    assert response.model_spec.signature_name == "serving_default"
    assert response.model_spec.WhichOneof("version_choice") == "version"


def test_answers_use_the_typed_fields(kitchen):
    response = kitchen.prediction.Predict(predict_request(x=[1.0, 2.0]), timeout=30)
    output = response.outputs["y"]
    assert list(output.float_val) == [2.0, 4.0]
    assert output.tensor_content == b""
    assert output.dtype == 1
    assert [dimension.size for dimension in output.tensor_shape.dim] == [2]


@pytest.mark.parametrize("name", sorted(server_models.ECHO_TYPES))
def test_every_type_in_both_encodings(kitchen, name):
    kind = server_models.ECHO_TYPES[name].as_numpy_dtype
    if name == "string":
        value = np.array([[b"a", b"\xff\x00"], [b"", b"long" * 100]], dtype=object)
    else:
        value = np.array([[0, 1], [1, 0]]).astype(kind)
    content = tf.make_tensor_proto(value)
    typed = tensor_pb2.TensorProto()
    typed.CopyFrom(
        kitchen.prediction.Predict(predict_request(f"echo_{name}", x=content), timeout=30).outputs[
            "y"
        ]
    )
    assert typed.tensor_content == b""
    np.testing.assert_array_equal(tf.make_ndarray(typed), value)
    again = kitchen.predict(f"echo_{name}", x=typed)["y"]
    np.testing.assert_array_equal(again, value)
    assert again.dtype == tf.make_ndarray(typed).dtype


def test_missing_values_repeat_the_last_one(kitchen):
    proto = tensor_pb2.TensorProto(dtype=1, float_val=[1.0, 7.0])
    proto.tensor_shape.dim.add(size=4)
    assert kitchen.predict("echo_float", x=proto)["y"].tolist() == [1.0, 7.0, 7.0, 7.0]
    empty = tensor_pb2.TensorProto(dtype=1)
    empty.tensor_shape.dim.add(size=3)
    assert kitchen.predict("echo_float", x=empty)["y"].tolist() == [0.0, 0.0, 0.0]


def test_empty_batches(kitchen):
    proto = tf.make_tensor_proto(np.zeros([0], np.float32))
    assert kitchen.predict("", x=proto)["y"].shape == (0,)


def test_output_filter(kitchen):
    request = predict_request("two", a=[1.0], b=[2.0])
    request.output_filter.append("sum")
    response = kitchen.prediction.Predict(request, timeout=30)
    assert list(response.outputs) == ["sum"]
    request.output_filter.append("sum")
    assert failure(kitchen.prediction.Predict, request) == (
        INVALID,
        "duplicate output tensor alias: sum",
    )
    request.output_filter[:] = ["none"]
    code, text = failure(kitchen.prediction.Predict, request)
    assert code is INVALID
    assert text.startswith("output tensor alias not found in signature: none")


def test_wrong_model_specs(kitchen):
    code, text = failure(kitchen.prediction.Predict, predict_pb2.PredictRequest())
    assert (code, text) == (INVALID, "Missing ModelSpec")
    nameless = predict_request(model="", x=[1.0])
    nameless.model_spec.signature_name = "serving_default"
    assert failure(kitchen.prediction.Predict, nameless) == (
        INVALID,
        "ModelSpec has no name specified.",
    )
    unknown = predict_request(model="none", x=[1.0])
    assert failure(kitchen.prediction.Predict, unknown) == (
        grpc.StatusCode.NOT_FOUND,
        "Servable not found for request: Latest(none)",
    )


def test_a_version_counts_by_presence(kitchen):
    request = predict_request(x=[1.0])
    request.model_spec.version.CopyFrom(wrappers_pb2.Int64Value(value=0))
    assert failure(kitchen.prediction.Predict, request) == (
        grpc.StatusCode.NOT_FOUND,
        "Servable not found for request: Specific(kitchen, 0)",
    )
    request.model_spec.version.value = 1
    assert kitchen.prediction.Predict(request, timeout=30).outputs["y"].float_val[0] == 2.0


def test_unknown_label_and_signature(kitchen):
    request = predict_request(x=[1.0])
    request.model_spec.version_label = "gold"
    assert failure(kitchen.prediction.Predict, request) == (
        INVALID,
        "Unrecognized servable version label: gold",
    )
    assert failure(kitchen.prediction.Predict, predict_request("none", x=[1.0])) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        'Serving signature key "none" not found.',
    )


def test_wrong_inputs(kitchen):
    assert failure(kitchen.prediction.Predict, predict_request()) == (
        INVALID,
        "input size does not match signature: 0!=1 len({}) != len({x}). "
        "Sent extra: {}. Missing but required: {x}.",
    )
    code, _ = failure(kitchen.prediction.Predict, predict_request(z=[1.0]))
    assert code is INVALID
    code, text = failure(kitchen.prediction.Predict, predict_request(x=[1]))
    assert code is INVALID
    assert "Expects arg[0] to be float but int32 is provided" in text


@pytest.mark.parametrize("kind", ["no dtype", "content", "dimensions", "negative"])
def test_broken_tensors(kitchen, kind):
    proto = tf.make_tensor_proto([1.0, 2.0])
    if kind == "no dtype":
        proto.dtype = 0
    elif kind == "content":
        proto.ClearField("float_val")
        proto.tensor_content = b"abc"
    elif kind == "dimensions":
        for _ in range(300):
            proto.tensor_shape.dim.add(size=1)
    else:
        proto.tensor_shape.dim[0].size = -5
    code, text = failure(kitchen.prediction.Predict, predict_request("echo_float", x=proto))
    assert code is INVALID
    assert text == "tensor parsing error: x"


def test_errors_of_the_model(kitchen):
    code, text = failure(kitchen.prediction.Predict, predict_request("refuse", x=[-1.0]))
    assert code is INVALID and "only positive numbers" in text
    code, text = failure(kitchen.prediction.Predict, predict_request("decode", image=[b"junk"]))
    assert code is INVALID and "Unknown image file format" in text
    assert kitchen.predict("", x=[1.0])["y"].tolist() == [2.0]


def test_long_errors_are_cut(kitchen):
    request = predict_request("x" * 5000, x=[1.0])
    _, text = failure(kitchen.prediction.Predict, request)
    assert len(text) == 1024 + len("...TRUNCATED")
    assert text.endswith("...TRUNCATED")


def test_a_deadline_stops_the_graph(kitchen):
    request = predict_request("spin", n=np.array([2**62], np.int64))
    code, _ = failure(kitchen.prediction.Predict, request, timeout=0.4)
    assert code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert kitchen.predict("", x=[1.0])["y"].tolist() == [2.0]


def test_a_cancelled_call(kitchen):
    request = predict_request("spin", n=np.array([300_000], np.int64))
    call = kitchen.prediction.Predict.future(request, timeout=20)
    assert call.cancel()
    assert kitchen.predict("", x=[1.0])["y"].tolist() == [2.0]


def test_unknown_methods(kitchen):
    call = kitchen.channel.unary_unary("/tensorflow.serving.PredictionService/Nothing")
    code, _ = failure(call, b"")
    assert code is grpc.StatusCode.UNIMPLEMENTED
    session = kitchen.channel.unary_unary("/tensorflow.serving.SessionService/SessionRun")
    code, _ = failure(session, b"")
    assert code is grpc.StatusCode.UNIMPLEMENTED


def test_requests_that_are_no_protobuf(kitchen):
    call = kitchen.channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    code, _ = failure(call, b"\xff\xff\xff\xff")
    assert code in {grpc.StatusCode.INTERNAL, INVALID}
    assert kitchen.predict("", x=[1.0])["y"].tolist() == [2.0]


def test_twenty_megabytes(kitchen):
    value = np.ones(5_500_000, np.float32)
    assert kitchen.predict("scalar_output", x=value)["total"] == 5_500_000


def test_answers_beyond_the_default_limit_of_four_megabytes(kitchen):
    value = np.arange(1_200_000, dtype=np.float32)
    np.testing.assert_array_equal(kitchen.predict("", x=value)["y"], value * 2)


@pytest.mark.parametrize("method", ["Classify", "Regress", "MultiInference"])
def test_there_is_only_predict(kitchen, method):
    call = kitchen.channel.unary_unary(f"/tensorflow.serving.PredictionService/{method}")
    assert failure(call, b"") == (
        grpc.StatusCode.UNIMPLEMENTED,
        "This server answers Predict only",
    )


def test_metadata(kitchen):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "kitchen"
    response = kitchen.prediction.GetModelMetadata(request, timeout=30)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert "__saved_model_init_op" in signatures.signature_def
    assert signatures.signature_def["serving_default"].inputs["x"].dtype == 1
    assert response.model_spec.version.value == 1
    request.metadata_field[:] = []
    assert failure(kitchen.prediction.GetModelMetadata, request)[0] is INVALID
    request.metadata_field[:] = ["other"]
    assert failure(kitchen.prediction.GetModelMetadata, request)[0] is INVALID
    request.ClearField("model_spec")
    assert failure(kitchen.prediction.GetModelMetadata, request)[1] == "Missing ModelSpec"


def test_status(kitchen):
    request = get_model_status_pb2.GetModelStatusRequest()
    assert failure(kitchen.model_service.GetModelStatus, request)[0] is INVALID
    request.model_spec.name = "kitchen"
    (status,) = kitchen.model_service.GetModelStatus(request, timeout=30).model_version_status
    assert (status.version, status.state, status.status.error_code) == (1, 30, 0)
    request.model_spec.version_label = "no such label"
    assert len(kitchen.model_service.GetModelStatus(request, timeout=30).model_version_status) == 1
    request.model_spec.version.value = 5
    assert failure(kitchen.model_service.GetModelStatus, request) == (
        grpc.StatusCode.NOT_FOUND,
        "Could not find version 5 of model kitchen",
    )


def test_reload_refuses_an_empty_configuration(kitchen):
    request = model_management_pb2.ReloadConfigRequest()
    code, _ = failure(kitchen.model_service.HandleReloadConfigRequest, request)
    assert code is INVALID


def test_health(kitchen):
    stub = health_pb2_grpc.HealthStub(kitchen.channel)
    for service in ("", "PredictionService", "ModelService"):
        answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=30)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    unknown = health_pb2.HealthCheckRequest(service="Other")
    assert failure(stub.Check, unknown)[0] is grpc.StatusCode.NOT_FOUND
