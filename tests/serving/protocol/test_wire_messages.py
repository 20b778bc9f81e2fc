"""Our small protobuf messages against the originals."""

from typing import Any

import pytest

from serving.protocol import wire_messages as wire

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow.*"),
]


def originals() -> dict[str, Any]:
    from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2
    from tensorflow.core.protobuf import meta_graph_pb2
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_pb2,
        predict_pb2,
    )

    kinds = [
        tensor_shape_pb2.TensorShapeProto,
        tensor_shape_pb2.TensorShapeProto.Dim,
        tensor_pb2.TensorProto,
        meta_graph_pb2.TensorInfo,
        meta_graph_pb2.SignatureDef,
        get_model_metadata_pb2.SignatureDefMap,
        get_model_metadata_pb2.GetModelMetadataRequest,
        get_model_metadata_pb2.GetModelMetadataResponse,
        get_model_status_pb2.ModelVersionStatus,
        get_model_status_pb2.GetModelStatusRequest,
        get_model_status_pb2.GetModelStatusResponse,
        model_pb2.ModelSpec,
        predict_pb2.PredictRequest,
        predict_pb2.PredictResponse,
    ]
    found = {kind.DESCRIPTOR.full_name: kind.DESCRIPTOR for kind in kinds}
    status = found["tensorflow.serving.ModelVersionStatus"].fields_by_name["status"].message_type
    return found | {status.full_name: status}


def test_every_field_has_the_number_and_type_of_the_original() -> None:
    known = originals()
    assert set(known) == set(wire.MESSAGES)
    for name, original in known.items():
        ours = wire.CLASSES[name].DESCRIPTOR.fields_by_name
        theirs = original.fields_by_name
        for field_name, field in ours.items():
            twin = theirs[field_name]
            assert (field.number, field.is_repeated) == (twin.number, twin.is_repeated)
            # An enum travels exactly like an int32.
            kind = twin.TYPE_INT32 if twin.type == twin.TYPE_ENUM else twin.type
            assert field.type == kind, f"{name}.{field_name}"


def test_numbers_behind_the_names() -> None:
    import tensorflow as tf
    from tensorflow_serving.apis.get_model_status_pb2 import ModelVersionStatus

    for number, state in wire.STATES.items():
        assert ModelVersionStatus.State.Name(number) == state
    for number, dtype in wire.DTYPES.items():
        expected = {"float32": "float", "float64": "double"}.get(
            tf.dtypes.as_dtype(number).name, tf.dtypes.as_dtype(number).name
        )
        assert dtype == expected


def test_a_request_reads_the_same_on_the_other_side() -> None:
    import tensorflow as tf
    from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse

    ours = wire.PredictRequest()
    ours.model_spec.name = "m"
    ours.model_spec.version.value = 0
    ours.inputs["x"].dtype = wire.DT_STRING
    ours.inputs["x"].tensor_shape.dim.add(size=2)
    ours.inputs["x"].string_val.extend([b"a", b"\xff"])
    theirs = PredictRequest.FromString(ours.SerializeToString())
    assert theirs.model_spec.HasField("version")
    assert tf.make_ndarray(theirs.inputs["x"]).tolist() == [b"a", b"\xff"]

    answer = PredictResponse()
    answer.outputs["y"].CopyFrom(tf.make_tensor_proto([[1.5, 2.5]], dtype=tf.float32))
    answer.model_spec.version.value = 7
    back = wire.PredictResponse.FromString(answer.SerializeToString())
    assert back.model_spec.version.value == 7
    assert back.outputs["y"].tensor_content == answer.outputs["y"].tensor_content
