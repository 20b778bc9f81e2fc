"""The arms of `benchmarks.forward`, one a process: load, answer for the check, then work to order.

python -m benchmarks.forward_arms NAME FOLDER THREADS
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from components.common.pictures.decode import Pixels

LIMIT = "matrix product, the processor's limit"
ARMS = (
    "TensorFlow, BatchNorm in the graph",
    "TensorFlow, as exported",
    "TensorFlow, as exported, bfloat16",
    "Keras predict_on_batch",
    "ONNX Runtime",
    "OpenVINO",
    "OpenVINO, bfloat16",
    "PyTorch",
    "PyTorch, bfloat16",
    LIMIT,
)
NETWORK, ONNX, PICTURES = "network.keras", "network.onnx", "pictures.npy"
GRAPHS = {"plain": "plain.pb", "folded": "folded.pb"}
CHECKED = 8
_MATRIX = 2048

Run = Callable[[Any], Any]


def arm(name: str, folder: Path, threads: int) -> Run:
    """Return what maps float32 pixels [N, S, S, 3] to logits [N, classes]."""
    reduced = name.endswith("bfloat16")
    if name.startswith("TensorFlow"):
        form = "plain" if "BatchNorm" in name else "folded"
        return _tensorflow(folder, form, threads, reduced=reduced)
    if name.startswith("Keras"):
        return _keras(folder, threads)
    if name.startswith("ONNX"):
        return _onnx_runtime(folder, threads)
    if name.startswith("OpenVINO"):
        return _openvino(folder, threads, reduced=reduced)
    return _torch(folder, threads, reduced=reduced)


def _tensorflow(folder: Path, form: str, threads: int, *, reduced: bool) -> Run:
    """A session with the settings of a server's, as TensorFlow Serving has one."""
    import tensorflow as tf

    v1 = tf.compat.v1
    config = v1.ConfigProto(intra_op_parallelism_threads=threads)
    if reduced:
        # What `serving/config/bfloat16.config` says.
        config.graph_options.rewrite_options.auto_mixed_precision_onednn_bfloat16 = 1
    definition = v1.GraphDef.FromString((folder / GRAPHS[form]).read_bytes())
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(definition, name="")
    outputs = json.loads((folder / f"{form}.json").read_text())
    session = v1.Session(graph=graph, config=config)
    run = session.make_callable(outputs, ["pixels:0"])
    return lambda pixels: run(pixels)[1]


def _keras(folder: Path, threads: int) -> Run:
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    model = keras.models.load_model(folder / NETWORK, compile=False)
    return lambda pixels: model.predict_on_batch(pixels)


def _onnx_runtime(folder: Path, threads: int) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        (folder / ONNX).read_bytes(), options, providers=["CPUExecutionProvider"]
    )
    return lambda pixels: session.run(None, {"pixels:0": pixels})[1]


def _openvino(folder: Path, threads: int, *, reduced: bool) -> Run:
    import openvino

    core = openvino.Core()
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if reduced else "f32",
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
    }
    model = core.compile_model(core.read_model(folder / ONNX), "CPU", settings)
    return lambda pixels: model([pixels])[1]


def _torch(folder: Path, threads: int, *, reduced: bool) -> Run:
    import torch

    from benchmarks.forward_torch import module_of

    torch.set_num_threads(threads)
    dtype = torch.bfloat16 if reduced else torch.float32
    example = torch.zeros(CHECKED, 3, *np.load(folder / PICTURES, mmap_mode="r").shape[1:3])
    model = module_of(folder / ONNX, dtype=dtype).eval()
    with torch.inference_mode():
        channels_last = example.to(dtype, memory_format=torch.channels_last)
        frozen = torch.jit.optimize_for_inference(torch.jit.trace(model, channels_last))

    def run(pixels: Any) -> Any:
        with torch.inference_mode():
            # [N, S, S, 3] seen as [N, 3, S, S] is what torch calls channels last: nothing moves.
            values = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(dtype)
            return frozen(values).float().numpy()

    return run


def _limit(folder: Path, threads: int) -> Callable[[Pixels], None]:
    """Multiply matrices with as many multiplications as the network has for the batch."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    each = float((folder / "multiplications").read_text())
    left = tf.random.normal([_MATRIX, _MATRIX])
    rows_a_picture = each / _MATRIX**2

    def run(pixels: Any) -> None:
        rows = max(1, round(rows_a_picture * len(pixels)))
        tf.matmul(left[:rows], left).numpy()

    return run


def work(run: Callable[[Any], Any], pictures: Any) -> None:
    """Answer orders `{"batch": n, "seconds": s}` with pictures a second."""
    for line in sys.stdin:
        order = json.loads(line)
        batch = pictures[: order["batch"]]
        run(batch)
        calls, begin = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - begin) < order["seconds"] or calls < 2:
            run(batch)
            calls += 1
        rate = calls * len(batch) / elapsed
        print(json.dumps({"pictures_per_s": rate}), flush=True)


def main() -> None:
    name, path, threads = sys.argv[1:]
    folder = Path(path)
    pictures = np.load(folder / PICTURES)
    try:
        if name == LIMIT:
            run = _limit(folder, int(threads))
            hello: dict[str, Any] = {"logits": None}
        else:
            run = arm(name, folder, int(threads))
            hello = {"logits": np.asarray(run(pictures[:CHECKED])).tolist()}
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), flush=True)
        return
    except FileNotFoundError:
        print(json.dumps({"missing": "tf2onnx"}), flush=True)
        return
    print(json.dumps(hello), flush=True)
    work(run, pictures)


if __name__ == "__main__":
    main()
