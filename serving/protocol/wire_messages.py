"""The few protobuf messages a client needs, without importing TensorFlow.

`tensorflow-serving-api` imports the whole of TensorFlow for its message classes: seconds and
hundreds of megabytes for a client that sends pictures. The fields below are the subset we
read and write, with the numbers and types of the originals; a test compares them with
`tensorflow-serving-api`. Fields that are not listed travel through unharmed: protobuf skips
what it does not know. The pool is private, so a process may import TensorFlow as well.
"""

from typing import Any

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

Field = descriptor_pb2.FieldDescriptorProto

PACKAGE = "tensorflow.serving"
# message -> field -> (number, type); `*` is repeated, `map:` has string keys.
MESSAGES = {
    "tensorflow.TensorShapeProto.Dim": {"size": (1, "int64")},
    "tensorflow.TensorShapeProto": {
        "dim": (2, "*tensorflow.TensorShapeProto.Dim"),
        "unknown_rank": (3, "bool"),
    },
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

_SCALARS = {
    "int64": Field.TYPE_INT64,
    "int32": Field.TYPE_INT32,
    "bool": Field.TYPE_BOOL,
    "float": Field.TYPE_FLOAT,
    "bytes": Field.TYPE_BYTES,
    "string": Field.TYPE_STRING,
}


def _add_field(message: descriptor_pb2.DescriptorProto, name: str, number: int, kind: str) -> None:
    field = message.field.add(name=name, number=number, label=Field.LABEL_OPTIONAL)
    if kind.startswith("map:"):
        entry_name = name.title().replace("_", "") + "Entry"
        entry = message.nested_type.add(name=entry_name)
        entry.options.map_entry = True
        _add_field(entry, "key", 1, "string")
        _add_field(entry, "value", 2, kind.removeprefix("map:"))
        field.label = Field.LABEL_REPEATED
        field.type = Field.TYPE_MESSAGE
        field.type_name = entry_name
        return
    if kind.startswith("*"):
        field.label = Field.LABEL_REPEATED
        kind = kind.removeprefix("*")
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type = Field.TYPE_MESSAGE
        field.type_name = f".{kind}"


def _build_pool() -> descriptor_pool.DescriptorPool:
    """Return a pool with one file a package, each message nested as its name says."""
    pool = descriptor_pool.DescriptorPool()
    for module in (any_pb2, wrappers_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    core = descriptor_pb2.FileDescriptorProto(
        name="graft/core.proto", package="tensorflow", syntax="proto3"
    )
    serving = descriptor_pb2.FileDescriptorProto(
        name="graft/serving.proto", package=PACKAGE, syntax="proto3"
    )
    serving.dependency.extend(["graft/core.proto", any_pb2.DESCRIPTOR.name])
    serving.dependency.append(wrappers_pb2.DESCRIPTOR.name)
    shape = core.message_type.add(name="TensorShapeProto")
    for full_name, fields in MESSAGES.items():
        message = _message(core, serving, shape, full_name)
        for name, (number, kind) in fields.items():
            _add_field(message, name, number, kind)
    pool.AddSerializedFile(core.SerializeToString())
    pool.AddSerializedFile(serving.SerializeToString())
    return pool


def _message(
    core: descriptor_pb2.FileDescriptorProto,
    serving: descriptor_pb2.FileDescriptorProto,
    shape: descriptor_pb2.DescriptorProto,
    full_name: str,
) -> descriptor_pb2.DescriptorProto:
    if full_name == "tensorflow.TensorShapeProto":
        return shape
    if full_name == "tensorflow.TensorShapeProto.Dim":
        return shape.nested_type.add(name="Dim")
    file = serving if full_name.startswith(f"{PACKAGE}.") else core
    return file.message_type.add(name=full_name.rpartition(".")[2])


POOL = _build_pool()


def message(full_name: str) -> Any:
    """Return the class of one of `MESSAGES`."""
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(full_name))


PredictRequest = message("tensorflow.serving.PredictRequest")
PredictResponse = message("tensorflow.serving.PredictResponse")
GetModelStatusRequest = message("tensorflow.serving.GetModelStatusRequest")
GetModelStatusResponse = message("tensorflow.serving.GetModelStatusResponse")
GetModelMetadataRequest = message("tensorflow.serving.GetModelMetadataRequest")
GetModelMetadataResponse = message("tensorflow.serving.GetModelMetadataResponse")
SignatureDefMap = message("tensorflow.serving.SignatureDefMap")
