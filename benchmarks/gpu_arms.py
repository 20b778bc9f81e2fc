"""What `gpu_finetune` times, one arm a process: each library takes the card for itself.

    python -m benchmarks.gpu_arms '{"arm": "graft", "backbone": "mobilenet_v2", ...}'

The last line printed is the outcome as JSON. Pictures are random: speed does not depend on them.
"""

import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

MODES = ("default", "reduce-overhead")
COMPILING = "/jax/core/compile/backend_compile_duration"
RATE = 1e-4


@dataclass(frozen=True, kw_only=True)
class Work:
    """One arm: "graft" or "torch" (pictures a second), or "demo" (seconds).

    steps: of an epoch; epochs: timed ones, after one that compiles.
    cache: where the arm "demo" keeps compiled programs.
    """

    arm: str
    backbone: str
    size_px: int
    batch: int = 32
    steps: int = 1
    epochs: int = 1
    pictures: int = 0
    cpu: bool = False
    cache: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it. A figure is NaN where it was not measured, and `note` says why."""

    device: str
    library: str
    pictures_per_s: float = math.nan
    first_epoch_s: float = math.nan
    compile_s: float = math.nan
    train_s: float = math.nan
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Twin:
    """One network by its names elsewhere.

    last_layer: the embedding is its mean alone, as it is there; Graft by itself prefers others.
    """

    last_layer: str
    timm: str
    torchvision: str


TWINS = {
    "mobilenet_v2": Twin(last_layer="out_relu", timm="mobilenetv2_100", torchvision="mobilenet_v2"),
    "resnet/50": Twin(last_layer="conv5_block3_out", timm="resnet50", torchvision="resnet50"),
    # For the tiny version, which compares nothing.
    "mobilenet_v2/0.35": Twin(
        last_layer="out_relu", timm="mobilenetv2_035", torchvision="mobilenet_v2"
    ),
}


def split_of(pictures: int, size_px: int, *, channels: int) -> Any:
    """Return random pictures of two classes, the one darker than the other."""
    from components.networks.data import Split

    rng = np.random.default_rng(0)
    labels = np.arange(pictures) % 2
    shape = (pictures, size_px, size_px, channels)
    pixels = (
        rng.integers(0, 128, shape, np.uint8) + labels.astype(np.uint8)[:, None, None, None] * 100
    )
    return Split(
        pixels=pixels,
        targets=np.eye(2, dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(pictures, np.float32),
        groups=(np.arange(pictures) // 8).astype(str),
        paths=tuple(str(number) for number in range(pictures)),
        content_sha256="random",
    )


def run_graft(work: Work) -> Outcome:
    """Train the whole network, BatchNorm fixed, by the epoch program that `graft run` uses."""
    import keras

    from components.networks import network
    from components.networks.accelerator import gpus
    from components.networks.config import INPUT, LOGITS
    from components.networks.fast.training_copy import quickened
    from components.networks.rows import FlippedPixels
    from components.train.config import TrainConfig
    from components.train.loop.epochs import draw_epoch
    from components.train.loop.fine_tune import freeze_norms
    from components.train.loop.jax_epoch import compiled_epoch
    from components.train.loop.losses import cross_entropy
    from components.train.loop.optimizer import LayerwiseAdamW, Treatment, treatments_of

    keras.utils.set_random_seed(0)
    settings = TrainConfig(
        backbone=work.backbone, weights="none", features=(TWINS[work.backbone].last_layer,)
    )
    built = network.build(settings, image_size_px=work.size_px, classes=2)
    tail = built.between((INPUT,), (LOGITS,))
    freeze_norms(tail)
    quick = quickened(tail, precision="bfloat16", on_gpu=bool(gpus()))
    treatment = Treatment(decay=RATE)
    optimizer = LayerwiseAdamW(
        RATE, treatments=treatments_of(tail, lambda _: treatment), clip_norm=1.0
    )
    optimizer.build(tail.trainable_variables)
    split = split_of(work.batch * work.steps, work.size_px, channels=3)
    fed = [FlippedPixels(split.pixels)]
    train = compiled_epoch(quick, optimizer, fed, batch=work.batch, loss=cross_entropy)
    if train is None:
        return _unmeasured("graft", "the pictures do not fit the card: lower --batch or --steps")
    rng = np.random.default_rng(0)
    return _rated(
        lambda: train(draw_epoch(split, rng=rng)),
        work,
        Outcome(device=_jax_device(), library=f"Keras {keras.__version__} on JAX"),
    )


def run_torch(work: Work) -> Outcome:
    """Train the same network compiled by PyTorch in its fastest mode: bf16, channels last."""
    if find_spec("torch") is None:
        return _unmeasured("torch", "PyTorch is not installed")
    import torch

    found = _torch_model(work.backbone)
    if found is None:
        return _unmeasured("torch", "neither timm nor torchvision is installed")
    model, library = found
    where = torch.device("cpu" if work.cpu else "cuda")
    model = model.to(where, memory_format=torch.channels_last).train()
    for part in model.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.eval().requires_grad_(False)
    device = "cpu" if work.cpu else torch.cuda.get_device_name()
    outcomes = [
        _rated(
            _torch_epoch(model, where, work, mode=mode),
            work,
            Outcome(device=device, library=f"{library}, PyTorch {torch.__version__}", note=mode),
        )
        for mode in MODES
    ]
    return max(outcomes, key=lambda outcome: outcome.pictures_per_s)


def _torch_model(backbone: str) -> tuple[Any, str] | None:
    if find_spec("timm"):
        import timm

        model = timm.create_model(TWINS[backbone].timm, num_classes=2)
        return model, f"timm {timm.__version__}"
    if find_spec("torchvision"):
        import torchvision

        model = torchvision.models.get_model(TWINS[backbone].torchvision, num_classes=2)
        return model, f"torchvision {torchvision.__version__}"
    return None


def _torch_epoch(model: Any, where: Any, work: Work, *, mode: str) -> Callable[[], object]:
    import torch

    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=RATE, weight_decay=RATE, fused=not work.cpu)
    split = split_of(work.batch * work.steps, work.size_px, channels=3)
    pixels = torch.from_numpy(split.pixels).to(where)
    targets = torch.from_numpy(split.targets).to(where)

    def loss_of(rows: Any) -> Any:
        with torch.autocast(where.type, dtype=torch.bfloat16):
            # [N, S, S, 3] seen as [N, 3, S, S] is channels last already.
            logits = model(pixels[rows].permute(0, 3, 1, 2).float() / 127.5 - 1.0)
        return torch.nn.functional.cross_entropy(logits.float(), targets[rows])

    compiled = torch.compile(loss_of, mode=mode)

    def epoch() -> float:
        total = torch.zeros((), device=where)
        for rows in torch.randperm(len(pixels), device=where).split(work.batch):
            optimizer.zero_grad(set_to_none=True)
            loss = compiled(rows)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            total += loss.detach()
        # Waits for the card, once an epoch as the other arm does.
        return float(total)

    return epoch


def run_demo(work: Work) -> Outcome:
    """Run the default method as the demo does, from pictures to the tuned network."""
    import jax
    import keras

    from components.networks import network
    from components.networks.data import TrainingData, none_of
    from components.networks.features.cache import ActivationCache
    from components.train.config import TrainConfig
    from components.train.loop.jax_epoch import keep_compiled
    from components.train.methods import linear_probe_finetune as method
    from components.train.session import Session

    compiling: list[float] = []

    def note(event: str, duration_secs: float, **_: str | int) -> None:
        if event == COMPILING:
            compiling.append(duration_secs)

    jax.monitoring.register_event_duration_secs_listener(note)
    keras.utils.set_random_seed(0)
    keep_compiled(Path(work.cache))
    train = split_of(work.pictures, work.size_px, channels=1)
    validation = split_of(max(8, work.pictures // 3), work.size_px, channels=1)
    started = time.monotonic()
    settings = TrainConfig(backbone=work.backbone, weights="none")
    built = network.build(settings, image_size_px=work.size_px, classes=2)
    with tempfile.TemporaryDirectory() as root:
        session = Session(0, 1, ActivationCache(Path(root), 10**10, "bfloat16"))
        data = TrainingData(train, validation, ("dark", "light"), none_of(train))
        options = method.Options(epochs=work.epochs, batch=work.batch)
        fitted = method.fit(data, built, options, session)
    total = time.monotonic() - started
    retried = [note for note in fitted.notes if "was dropped" in note]
    return Outcome(
        device=_jax_device(),
        library=f"Keras {keras.__version__} on JAX",
        compile_s=sum(compiling),
        train_s=total - sum(compiling),
        note=f"trained {1 + len(retried)} times" if retried else "",
    )


def _rated(epoch: Callable[[], object], work: Work, outcome: Outcome) -> Outcome:
    """Return an outcome with the first epoch's seconds and the rate of those after it."""
    seconds = []
    for _ in range(1 + work.epochs):
        started = time.monotonic()
        epoch()
        seconds.append(time.monotonic() - started)
    rate = work.batch * work.steps / statistics.median(seconds[1:])
    facts = asdict(outcome) | {"pictures_per_s": rate, "first_epoch_s": seconds[0]}
    return Outcome(**facts)


def _unmeasured(library: str, why: str) -> Outcome:
    return Outcome(device="", library=library, note=f"not run: {why}")


def _jax_device() -> str:
    import jax

    return str(jax.devices()[0].device_kind)


def main() -> None:
    work = Work(**json.loads(sys.argv[1]))
    outcome = {"graft": run_graft, "torch": run_torch, "demo": run_demo}[work.arm](work)
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
