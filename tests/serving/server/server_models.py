"""Tiny SavedModels for the server's tests: plain tf.Module, no Keras, milliseconds to load."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

# Signature `echo_<name>` returns its input; every type that a request may carry.
ECHO_TYPES = {
    "float": tf.float32,
    "double": tf.float64,
    "int32": tf.int32,
    "int16": tf.int16,
    "int8": tf.int8,
    "uint8": tf.uint8,
    "int64": tf.int64,
    "uint32": tf.uint32,
    "uint64": tf.uint64,
    "bool": tf.bool,
    "string": tf.string,
    "half": tf.float16,
    "bfloat16": tf.bfloat16,
    "complex64": tf.complex64,
}


def _function(body: Any, **inputs: tf.TensorSpec) -> Any:
    """Return a concrete function whose arguments are named as in `inputs`."""
    names = list(inputs)
    code = f"lambda {', '.join(names)}: body({', '.join(names)})"
    function = eval(code, {"body": body})
    specs = [tf.TensorSpec(spec.shape, spec.dtype, name=name) for name, spec in inputs.items()]
    return tf.function(function, autograph=False).get_concrete_function(*specs)


def write_affine(directory: Path, *, offset: float, slope: float = 0.5) -> Path:
    """Write y = slope * x + offset, x and y float [N], with variables on disk."""
    module = tf.Module()
    module.slope = tf.Variable(slope)
    module.offset = tf.Variable(offset)
    module.serve = _function(
        lambda x: {"y": module.slope * x + module.offset}, x=tf.TensorSpec([None], tf.float32)
    )
    tf.saved_model.save(module, str(directory), signatures={"serving_default": module.serve})
    return directory


def write_kitchen(directory: Path, *, only: Sequence[str] = ()) -> Path:
    """Write a model with a signature for every behaviour the suite looks at, or some of them."""
    module = tf.Module()
    module.weight = tf.Variable(2.0)
    signatures = {
        **_echoes(),
        **_shapes(),
        **_faults(),
        "serving_default": _function(
            lambda x: {"y": module.weight * x}, x=tf.TensorSpec([None], tf.float32)
        ),
    }
    signatures = {name: signatures[name] for name in only or signatures}
    module.signatures_kept = list(signatures.values())
    tf.saved_model.save(module, str(directory), signatures=signatures)
    return directory


def _echoes() -> dict[str, Any]:
    echoes = {
        f"echo_{name}": _function(lambda x: {"y": tf.identity(x)}, x=tf.TensorSpec(None, dtype))
        for name, dtype in ECHO_TYPES.items()
    }
    return {
        **echoes,
        "echo_bytes": _function(
            lambda x: {"y_bytes": tf.identity(x)}, x=tf.TensorSpec(None, tf.string)
        ),
        "matrix": _function(
            lambda x: {"y": tf.identity(x)}, x=tf.TensorSpec([None, 16, 16, 3], tf.float32)
        ),
    }


def _shapes() -> dict[str, Any]:
    vector = tf.TensorSpec([None], tf.float32)
    return {
        "two": _function(lambda a, b: {"sum": a + b, "difference": a - b}, a=vector, b=vector),
        "scalar_output": _function(lambda x: {"total": tf.reduce_sum(x)}, x=vector),
        "unequal": _function(lambda x: {"all": tf.identity(x), "first": x[:1]}, x=vector),
        "mixed_bytes": _function(
            lambda x: {"size": tf.strings.length(x), "copy_bytes": tf.identity(x)},
            x=tf.TensorSpec([None], tf.string),
        ),
    }


def _faults() -> dict[str, Any]:
    def refuse(x: Any) -> Any:
        check = tf.debugging.Assert(tf.reduce_all(x > 0), ["only positive numbers", x])
        with tf.control_dependencies([check]):
            return {"y": tf.identity(x)}

    def spin(n: Any) -> Any:
        (count,) = tf.while_loop(lambda i: i < n[0], lambda i: [i + 1], [tf.constant(0, tf.int64)])
        return {"count": tf.reshape(count, [1])}

    def decode(image: Any) -> Any:
        one = tf.io.decode_image(image[0], channels=3, expand_animations=False)
        return {"size": tf.expand_dims(tf.shape(one), 0)}

    return {
        "refuse": _function(refuse, x=tf.TensorSpec([None], tf.float32)),
        "spin": _function(spin, n=tf.TensorSpec([1], tf.int64)),
        "decode": _function(decode, image=tf.TensorSpec([None], tf.string)),
        "product": _function(
            lambda x: {"y": tf.matmul(x, tf.ones([3, 2]))}, x=tf.TensorSpec(None, tf.float32)
        ),
    }


def write_tf1(directory: Path) -> Path:
    """Write a TF1 model, y = x + 0.25, with a reference variable."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None], name="x")
        bias = v1.get_variable("bias", initializer=0.25, use_resource=False)
        y = x + bias
        session.run(v1.global_variables_initializer())
        info = v1.saved_model.build_tensor_info
        signature = v1.saved_model.build_signature_def(
            {"x": info(x)}, {"y": info(y)}, "tensorflow/serving/predict"
        )
        builder = v1.saved_model.builder.SavedModelBuilder(str(directory))
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    return directory


def write_warmup(directory: Path, records: list[bytes]) -> Path:
    """Write warm-up records beside a SavedModel."""
    extra = directory / "assets.extra"
    extra.mkdir(exist_ok=True)
    path = extra / "tf_serving_warmup_requests"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)
    return path
