"""One network, one forward pass: TensorFlow as exported beside what else one would run.

    python -m benchmarks.forward [--threads 2] [--batches 1 8 32] [--rounds 5] [--seconds 1]

The network is the demo's, EfficientNet-Lite2 at 160 px, pixels in and logits out. Every arm is a
process of its own with the same number of threads; they take turns within one run, and the table
has the medians of the turns. Before anything is timed each arm answers the same pictures: in
float32 its logits may be 1e-3 off Keras', in bfloat16 its probabilities 0.1.

ONNX Runtime, OpenVINO (with `tf2onnx` and `onnx`) and PyTorch are not among the project's
dependencies: what is not installed is left out, and the table says so.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.forward_arms import ARMS, CHECKED, GRAPHS, LIMIT, NETWORK, ONNX, PICTURES
from components.common.progress import track

SIZE_PX = 160
_GAP = 1e-3
# What a server may answer differently when it is asked to compute in bfloat16.
BFLOAT16_GAP = 0.1


@dataclass
class Arm:
    """A running arm: `gap` to Keras' answers, and pictures a second of each turn by batch."""

    name: str
    gap: float
    child: subprocess.Popen[str]
    rates: dict[int, list[float]] = field(default_factory=dict)

    def turn(self, batch: int, seconds: float) -> None:
        """Let the arm work for a while."""
        answer = _ask(self.child, {"batch": batch, "seconds": seconds})
        self.rates.setdefault(batch, []).append(answer["pictures_per_s"])


def write_network(folder: Path, *, batches: list[int]) -> float:
    """Write the network in every form that an arm reads; return its multiplications a picture."""
    import keras

    from benchmarks.embedded import settings_of
    from components.export.network import freeze, with_features
    from components.networks import network
    from components.networks.config import LOGITS
    from components.networks.fast.folding import fold_batch_norm

    keras.utils.set_random_seed(0)
    run = settings_of(Path("data/elpv"), pooling="max")
    model = network.build(run.train, image_size_px=SIZE_PX, classes=2).model
    # A head starts with zeros, and equal logits would prove nothing.
    head = model.get_layer(LOGITS)
    rng = np.random.default_rng(0)
    head.set_weights([rng.normal(0, 0.1, weight.shape) for weight in head.get_weights()])
    model.save(folder / NETWORK)
    both = with_features(model)
    graphs = {"plain": both, "folded": fold_batch_norm(both)}
    for name, form in graphs.items():
        function = freeze(form, image_size_px=SIZE_PX).function
        outputs = [tensor.name for tensor in function.outputs]
        (folder / f"{name}.json").write_text(json.dumps(outputs))
        (folder / GRAPHS[name]).write_bytes(function.graph.as_graph_def().SerializeToString())
        if name == "folded":
            _write_onnx(function, folder / ONNX)
    shape = (max(*batches, CHECKED), SIZE_PX, SIZE_PX, 3)
    pictures = rng.integers(0, 256, shape).astype(np.float32)
    np.save(folder / PICTURES, pictures)
    np.save(folder / "logits.npy", model.predict_on_batch(pictures[:CHECKED]))
    return float(sum(_multiplications(layer) for layer in model.layers))


def _multiplications(layer: Any) -> float:
    kernel = getattr(layer, "kernel", None)
    if kernel is None:
        return 0.0
    positions = float(np.prod(layer.output.shape[1:-1]))
    return positions * float(np.prod(kernel.shape))


def _write_onnx(function: Any, path: Path) -> None:
    try:
        import tf2onnx
    except ImportError:
        return
    outputs = [tensor.name for tensor in function.outputs]
    model, _ = tf2onnx.convert.from_graph_def(
        function.graph.as_graph_def(), input_names=["pixels:0"], output_names=outputs, opset=17
    )
    path.write_bytes(model.SerializeToString())


@contextmanager
def started(name: str, folder: Path, threads: int) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    """Start an arm's process; yield it and its first words."""
    command = [sys.executable, "-m", "benchmarks.forward_arms", name, str(folder), str(threads)]
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    log = folder / f"{ARMS.index(name)}.log"
    with log.open("w") as errors:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=quiet,
        )
        try:
            yield child, _hello(child, log)
        finally:
            child.kill()
            child.wait()


def _hello(child: subprocess.Popen[str], log: Path) -> Any:
    assert child.stdout is not None
    line = child.stdout.readline()
    if not line:
        raise SystemExit(f"an arm ended:\n{log.read_text()}")
    return json.loads(line)


def _ask(child: subprocess.Popen[str], order: dict[str, Any]) -> Any:
    assert child.stdin is not None and child.stdout is not None
    child.stdin.write(json.dumps(order) + "\n")
    child.stdin.flush()
    return json.loads(child.stdout.readline())


def gap_to(expected: Any, logits: Any, *, reduced: bool) -> float:
    """Return how far an arm's answers are off: logits, or probabilities in bfloat16.

    Raises:
        SystemExit: further than the arm may be.
    """
    if reduced:
        expected, logits = _softmax(expected), _softmax(logits)
    gap = float(np.abs(expected - logits).max())
    limit = BFLOAT16_GAP if reduced else _GAP
    if not gap <= limit:
        raise SystemExit(f"expected answers within {limit:g}, received a gap of {gap:.3g}")
    return gap


def _softmax(logits: Any) -> Any:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def table(arms: list[Arm], missing: list[str], *, batches: list[int], title: str) -> Table:
    """Return pictures a second by batch, and each arm beside the best at its best batch."""
    medians = {arm.name: [statistics.median(arm.rates[batch]) for batch in batches] for arm in arms}
    best = max(max(rates) for name, rates in medians.items() if name != LIMIT)
    shown = Table(title=title)
    for heading in ("", *(f"batch {batch}" for batch in batches), "to the best", "gap"):
        shown.add_column(heading, justify="right" if heading else "left")
    for arm in arms:
        rates = medians[arm.name]
        ratio = f"{max(rates) / best:.2f}"
        shown.add_row(arm.name, *(f"{rate:.0f}" for rate in rates), ratio, f"{arm.gap:.2g}")
    for name in missing:
        shown.add_row(name, *["not installed"] * len(batches), "", "")
    return shown


def processor() -> str:
    """Return the processor's name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "?")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a turn")
    arguments = parser.parse_args()
    arms: list[Arm] = []
    missing: list[str] = []
    with tempfile.TemporaryDirectory(prefix="forward-") as name, ExitStack() as stack:
        folder = Path(name)
        multiplications = write_network(folder, batches=arguments.batches)
        (folder / "multiplications").write_text(str(multiplications))
        expected = np.load(folder / "logits.npy")
        for wanted in track(ARMS, "starting arms"):
            child, hello = stack.enter_context(started(wanted, folder, arguments.threads))
            if "missing" in hello:
                missing.append(f"{wanted} ({hello['missing']})")
                continue
            logits = np.asarray(hello["logits"] or expected, np.float32)
            gap = gap_to(expected, logits, reduced="bfloat16" in wanted)
            arms.append(Arm(wanted, gap, child))
        for batch in arguments.batches:
            for arm in arms:
                arm.turn(batch, arguments.seconds / 2)  # not counted
        for _ in track(range(arguments.rounds), "rounds"):
            for batch in arguments.batches:
                for arm in arms:
                    arm.turn(batch, arguments.seconds)
        for arm in arms:
            arm.rates = {b: rates[1:] for b, rates in arm.rates.items()}
    title = f"pictures a second, {processor()}, {arguments.threads} threads"
    Console(width=120).print(table(arms, missing, batches=arguments.batches, title=title))


if __name__ == "__main__":
    main()
