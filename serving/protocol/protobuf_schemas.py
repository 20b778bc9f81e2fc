"""Small protobuf schemas, written as tables.

For messages whose generated classes no package ships, or only one that imports TensorFlow. Fields
that are not listed travel through unharmed: protobuf skips what it does not know. The pool is
private, so a process may hold the original classes as well.
"""

from collections.abc import Mapping
from typing import Any

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

Field = descriptor_pb2.FieldDescriptorProto
# message -> field -> (number, type); `*` is repeated, `map:` has string keys.
Schemas = Mapping[str, Mapping[str, tuple[int, str]]]

_SCALARS = {
    "int64": Field.TYPE_INT64,
    "int32": Field.TYPE_INT32,
    "bool": Field.TYPE_BOOL,
    "float": Field.TYPE_FLOAT,
    "bytes": Field.TYPE_BYTES,
    "string": Field.TYPE_STRING,
}


def message_classes(schemas: Schemas) -> dict[str, Any]:
    """Return the class of each message by its full name.

    Args:
        schemas: a message before those nested in it, a package before those that use it.
    """
    files: dict[str, descriptor_pb2.FileDescriptorProto] = {}
    messages: dict[str, descriptor_pb2.DescriptorProto] = {}
    for full_name, fields in schemas.items():
        outer, _, name = full_name.rpartition(".")
        if outer in messages:
            message = messages[outer].nested_type.add(name=name)
        else:
            file = descriptor_pb2.FileDescriptorProto(
                name=f"graft/{outer}.proto", package=outer, syntax="proto3"
            )
            message = files.setdefault(outer, file).message_type.add(name=name)
        messages[full_name] = message
        for field, (number, kind) in fields.items():
            _add_field(message, field, number, kind)
    pool = _pool(files.values())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in schemas
    }


def _pool(files: Any) -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    known: list[str] = []
    for module in (any_pb2, wrappers_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
        known.append(module.DESCRIPTOR.name)
    for file in files:
        file.dependency.extend(known)
        pool.AddSerializedFile(file.SerializeToString())
        known.append(file.name)
    return pool


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
