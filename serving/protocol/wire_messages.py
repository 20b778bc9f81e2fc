"""The gRPC messages and methods that a client needs, without importing TensorFlow.

`tensorflow-serving-api` imports the whole of TensorFlow for its message classes: seconds and
hundreds of megabytes for a client that sends pictures. The fields below are the subset we
read and write, with the numbers and types of the originals; a test compares them with
`tensorflow-serving-api`.
"""

import math
from typing import Any

import numpy as np

from serving.protocol.protobuf_schemas import Schemas, message_classes

PREDICT = "/tensorflow.serving.PredictionService/Predict"
METADATA = "/tensorflow.serving.PredictionService/GetModelMetadata"
STATUS = "/tensorflow.serving.ModelService/GetModelStatus"

MESSAGES: Schemas = {
    "tensorflow.TensorShapeProto": {
        "dim": (2, "*tensorflow.TensorShapeProto.Dim"),
        "unknown_rank": (3, "bool"),
    },
    "tensorflow.TensorShapeProto.Dim": {"size": (1, "int64")},
    "tensorflow.TensorProto": {
        "dtype": (1, "int32"),
        "tensor_shape": (2, "tensorflow.TensorShapeProto"),
        "tensor_content": (4, "bytes"),
        "float_val": (5, "*float"),
        "string_val": (8, "*bytes"),
    },
    "tensorflow.TensorInfo": {
        "dtype": (2, "int32"),
        "tensor_shape": (3, "tensorflow.TensorShapeProto"),
    },
    "tensorflow.SignatureDef": {
        "inputs": (1, "map:tensorflow.TensorInfo"),
        "outputs": (2, "map:tensorflow.TensorInfo"),
    },
    "tensorflow.serving.SignatureDefMap": {"signature_def": (1, "map:tensorflow.SignatureDef")},
    "tensorflow.serving.ModelSpec": {
        "name": (1, "string"),
        "version": (2, "google.protobuf.Int64Value"),
        "signature_name": (3, "string"),
    },
    "tensorflow.serving.PredictRequest": {
        "model_spec": (1, "tensorflow.serving.ModelSpec"),
        "inputs": (2, "map:tensorflow.TensorProto"),
    },
    "tensorflow.serving.PredictResponse": {
        "outputs": (1, "map:tensorflow.TensorProto"),
        "model_spec": (2, "tensorflow.serving.ModelSpec"),
    },
    "tensorflow.serving.StatusProto": {"error_code": (1, "int32"), "error_message": (2, "string")},
    "tensorflow.serving.ModelVersionStatus": {
        "version": (1, "int64"),
        "state": (2, "int32"),
        "status": (3, "tensorflow.serving.StatusProto"),
    },
    "tensorflow.serving.GetModelStatusRequest": {
        "model_spec": (1, "tensorflow.serving.ModelSpec"),
    },
    "tensorflow.serving.GetModelStatusResponse": {
        "model_version_status": (1, "*tensorflow.serving.ModelVersionStatus"),
    },
    "tensorflow.serving.GetModelMetadataRequest": {
        "model_spec": (1, "tensorflow.serving.ModelSpec"),
        "metadata_field": (2, "*string"),
    },
    "tensorflow.serving.GetModelMetadataResponse": {
        "model_spec": (1, "tensorflow.serving.ModelSpec"),
        "metadata": (2, "map:google.protobuf.Any"),
    },
}
# Enums travel as plain numbers; these are the names behind them.
STATES = {10: "START", 20: "LOADING", 30: "AVAILABLE", 40: "UNLOADING", 50: "END"}
DT_FLOAT = 1
DT_STRING = 7
DTYPES = {
    1: "float",
    2: "double",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    7: "string",
    9: "int64",
    10: "bool",
}

CLASSES = message_classes(MESSAGES)
PredictRequest = CLASSES["tensorflow.serving.PredictRequest"]
PredictResponse = CLASSES["tensorflow.serving.PredictResponse"]
GetModelStatusRequest = CLASSES["tensorflow.serving.GetModelStatusRequest"]
GetModelStatusResponse = CLASSES["tensorflow.serving.GetModelStatusResponse"]
GetModelMetadataRequest = CLASSES["tensorflow.serving.GetModelMetadataRequest"]
GetModelMetadataResponse = CLASSES["tensorflow.serving.GetModelMetadataResponse"]
SignatureDefMap = CLASSES["tensorflow.serving.SignatureDefMap"]


def tensor_values(tensor: Any) -> Any:
    """Return a float32 array or a list of bytes; other types are not in our contract.

    Raises:
        ValueError: the values do not fit the shape that the tensor claims.
    """
    if tensor.dtype == DT_STRING:
        return list(tensor.string_val)
    shape = tuple(dim.size for dim in tensor.tensor_shape.dim)
    if tensor.tensor_content:
        return np.frombuffer(tensor.tensor_content, dtype="<f4").reshape(shape)
    values = np.asarray(tensor.float_val, dtype=np.float32)
    missing = math.prod(shape) - len(values)
    if missing > 0 and len(values):
        # The wire format may leave out a tail of equal values.
        values = np.pad(values, (0, missing), mode="edge")
    return values.reshape(shape)
