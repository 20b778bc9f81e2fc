"""The processes that `serving_throughput` compares the server with.

build DIR SIZE ALPHA    write a MobileNetV2 that takes encoded pictures, random weights
loop DIR PICTURE        call the SavedModel as ordered on stdin
fastapi DIR PORT INPUT  serve it as a FastAPI application that calls the signature in threads
onnx DIR PORT           the same with Pillow and ONNX Runtime
"""

import base64
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def build(directory: str, size: str, alpha: str) -> None:
    """Write the demo's shape of model: picture bytes in, probabilities out."""
    import keras
    import tensorflow as tf

    side = int(size)
    network = keras.applications.MobileNetV2(
        input_shape=(side, side, 3), weights=None, classes=2, alpha=float(alpha)
    )

    def decode(data: Any) -> Any:
        image = tf.io.decode_image(data, channels=3, expand_animations=False)
        image.set_shape([None, None, 3])
        return tf.image.resize(tf.cast(image, tf.float32), [side, side]) / 127.5 - 1.0

    embed = keras.Model(network.input, network.layers[-2].output)

    def images(image_bytes: Any) -> Any:
        spec = tf.TensorSpec([side, side, 3], tf.float32)
        return tf.map_fn(decode, image_bytes, fn_output_signature=spec)

    def serve(image_bytes: Any) -> Any:
        return {"probabilities": network(images(image_bytes), training=False)}

    def features(image_bytes: Any) -> Any:
        return {"features": embed(images(image_bytes), training=False)}

    archive = keras.export.ExportArchive()
    archive.track(network)
    pictures = [tf.TensorSpec([None], tf.string, name="image_bytes")]
    archive.add_endpoint("serving_default", serve, input_signature=pictures)
    archive.add_endpoint("features", features, input_signature=pictures)
    archive.write_out(directory)


def loop(directory: str, picture: str) -> None:
    """Answer orders `{"batch": n, "seconds": s}` with the latencies of the calls made."""
    from serving.server.graph.light_tensorflow import import_tensorflow

    tf = import_tensorflow()
    from tensorflow_serving.apis import predict_pb2

    data = Path(picture).read_bytes()
    model = tf.saved_model.load(directory)
    signature = model.signatures["serving_default"]
    name = next(iter(signature.structured_input_signature[1]))
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "m"
    request.inputs[name].CopyFrom(tf.make_tensor_proto([data]))
    encoded = base64.b64encode(request.SerializeToString()).decode()
    print(json.dumps({"input": name, "request": encoded}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        pictures = [data] * order["batch"]
        latencies = []
        start = time.perf_counter()
        end = start + order["seconds"]
        while (begin := time.perf_counter()) < end:
            for output in signature(**{name: tf.constant(pictures)}).values():
                output.numpy()
            latencies.append(time.perf_counter() - begin)
        wall = time.perf_counter() - start
        print(json.dumps({"latencies": latencies, "wall": wall}), flush=True)


def fastapi(directory: str, port: str, name: str) -> None:
    """Serve the SavedModel as one who knows TensorFlow would: its signature, threads, no copies."""
    from serving.server.graph.light_tensorflow import import_tensorflow

    tf = import_tensorflow()
    signature = tf.saved_model.load(directory).signatures["serving_default"]

    def answer(data: bytes) -> dict[str, Any]:
        outputs = signature(**{name: tf.constant([data])})
        return {key: _plain(value.numpy()[0]) for key, value in outputs.items()}

    _serve(answer, int(port))


def onnx(directory: str, port: str) -> None:
    """Serve the network of an export: decoded by Pillow, run by ONNX Runtime."""
    import numpy as np
    import onnxruntime
    import tensorflow as tf
    import tf2onnx
    from tensorflow.python.framework.function_def_to_graph import function_def_to_graph

    from components.common.pictures.decode import decode, resize
    from components.common.pictures.flips import FLIPS

    library = tf.saved_model.load(directory).signatures["serving_default"].graph.as_graph_def()
    functions = list(library.library.function)
    nodes = [node.op for function in functions for node in function.node_def]
    views = FLIPS[: 1 + nodes.count("ReverseV2") // nodes.count("Softmax")]
    (network,) = [one for one in functions if any(node.op == "Conv2D" for node in one.node_def)]
    graph = function_def_to_graph(network)
    source, logits = graph.inputs[0], graph.outputs[-1].name
    model, _ = tf2onnx.convert.from_graph_def(
        graph.as_graph_def(), input_names=[source.name], output_names=[logits], opset=17
    )
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    size = source.shape[1]

    def answer(data: bytes) -> dict[str, Any]:
        small = resize(decode(data), size).astype(np.float32)
        picture = np.broadcast_to(small, (size, size, 3))
        seen = [
            picture[:: -1 if up_down else 1, :: -1 if left_right else 1]
            for left_right, up_down in views
        ]
        (found,) = session.run([logits], {source.name: np.stack(seen)})
        powers = np.exp(found.mean(axis=0) - found.mean(axis=0).max())
        return {"probabilities": (powers / powers.sum()).tolist()}

    _serve(answer, int(port))


def _plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value.tolist()


def _serve(answer: Callable[[bytes], dict[str, Any]], port: int) -> None:
    import uvicorn
    from fastapi import FastAPI, Request
    from starlette.concurrency import run_in_threadpool

    application = FastAPI()

    @application.post("/predict")
    async def predict(request: Request) -> dict[str, Any]:
        return await run_in_threadpool(answer, await request.body())

    uvicorn.run(
        application, host="127.0.0.1", port=port, log_level="warning", timeout_keep_alive=600
    )


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    roles: dict[str, Callable[..., None]] = {
        "build": build,
        "loop": loop,
        "fastapi": fastapi,
        "onnx": onnx,
    }
    roles[role](*rest)
