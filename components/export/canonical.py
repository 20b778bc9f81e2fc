"""Equal models, equal bytes: rewrite a SavedModel so that its digest speaks of its content.

TensorFlow numbers functions by what the process traced before, orders a function's nodes by chance
(nodes are found by name), and adds a random id to `fingerprint.pb`. None of it changes an answer;
all of it would make equal models look different.
"""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

_NUMBER = re.compile(r"^(?P<stem>.*?)_(?P<number>\d+)$")


def make_canonical(folder: Path) -> None:
    """Number functions and order nodes in place, drop the random, optional fingerprint."""
    path = folder / "saved_model.pb"
    model = SavedModel.FromString(path.read_bytes())
    for graph in model.meta_graphs:
        _rename(graph, _new_names(graph.graph_def.library))
        for function in graph.graph_def.library.function:
            function.node_def.sort(key=lambda node: node.name)
    path.write_bytes(model.SerializeToString(deterministic=True))
    (folder / "fingerprint.pb").unlink(missing_ok=True)


def _new_names(library: Any) -> dict[str, str]:
    old = [function.signature.name for function in library.function]
    count: dict[str, int] = {}
    names = {}
    for name in sorted(old, key=_order):
        stem = _order(name)[0]
        names[name] = f"{stem}_{count.get(stem, 0)}"
        count[stem] = count.get(stem, 0) + 1
    return names


def _order(name: str) -> tuple[str, int]:
    match = _NUMBER.match(name)
    return (match["stem"], int(match["number"])) if match else (name, -1)


def _rename(graph: Any, names: dict[str, str]) -> None:
    library = graph.graph_def.library
    for function in library.function:
        function.signature.name = names[function.signature.name]
        _rename_arguments(function, names)
    for node in _nodes(graph.graph_def):
        node.op = names.get(node.op, node.op)
        _rename_attributes(node.attr, names)
    library.function.sort(key=lambda function: function.signature.name)
    _rename_objects(graph.object_graph_def, names)
    aliases = {names.get(k, k): v for k, v in graph.meta_info_def.function_aliases.items()}
    graph.meta_info_def.function_aliases.clear()
    graph.meta_info_def.function_aliases.update(aliases)


def _rename_arguments(function: Any, names: dict[str, str]) -> None:
    """Loops name their unused arguments after themselves."""
    renamed = {}
    for argument in function.signature.input_arg:
        owner = next((old for old in names if f"_{old}___" in argument.name), None)
        if owner:
            new = argument.name.replace(f"_{owner}___", f"_{names[owner]}___")
            renamed[argument.name] = argument.name = new
    for node in function.node_def:
        node.input[:] = [renamed.get(name, name) for name in node.input]


def _nodes(graph_def: Any) -> Iterator[Any]:
    yield from graph_def.node
    for function in graph_def.library.function:
        yield from function.node_def


def _rename_attributes(attributes: Any, names: dict[str, str]) -> None:
    for value in attributes.values():
        for function in [value.func, *value.list.func] if _names_function(value) else []:
            function.name = names.get(function.name, function.name)


def _names_function(value: Any) -> bool:
    return bool(value.HasField("func") or (value.HasField("list") and value.list.func))


def _rename_objects(objects: Any, names: dict[str, str]) -> None:
    concrete = {names.get(k, k): v for k, v in objects.concrete_functions.items()}
    kept = {name: copy.deepcopy(value) for name, value in concrete.items()}
    objects.concrete_functions.clear()
    for name, value in kept.items():
        objects.concrete_functions[name].CopyFrom(value)
    for node in objects.nodes:
        kind = node.WhichOneof("kind")
        if kind == "function":
            node.function.concrete_functions[:] = [
                names.get(name, name) for name in node.function.concrete_functions
            ]
        elif kind == "bare_concrete_function":
            bare = node.bare_concrete_function
            bare.concrete_function_name = names.get(
                bare.concrete_function_name, bare.concrete_function_name
            )
