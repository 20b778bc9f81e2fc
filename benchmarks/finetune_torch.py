"""The arm of `finetune_speed` that trains timm's network by PyTorch, eager, channels last."""

import contextlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.finetune_arms import (
    BATCH,
    BRIGHTNESS,
    CLIP_NORM,
    CONTRAST,
    DECAY,
    RATE,
    REFERENCE,
    SAME_LOGITS,
    SHIFT,
    WARM_UP,
    Job,
    Phases,
    Trained,
    read,
)
from benchmarks.timm_network import Network
from components.common.artifacts.shards import Shards
from components.networks.data import Split
from components.networks.rows import Floats


def train_torch(job: Job, shards: Shards, phases: Phases) -> Trained:
    """Train the blocks after the cut: AdamW, warm-up and cosine, autocast for bfloat16."""
    torch.manual_seed(job.seed)
    splits = read(shards, job)
    model = same_network(Path(job.shards) / REFERENCE).to(memory_format=torch.channels_last)
    torch.nn.init.zeros_(model.head.weight)
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=RATE, weight_decay=DECAY)
    steps = job.epochs * -(-splits.train.pictures // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: share(step, steps))
    phases.book("building")
    losses: list[float] = []
    while len(losses) < job.epochs and not _stalled(losses, job.patience):
        for rows in torch.randperm(splits.train.pictures).split(BATCH):
            optimizer.zero_grad(set_to_none=True)
            _loss(model, splits.train, rows.numpy(), job.precision, augment=True).mean().backward()
            torch.nn.utils.clip_grad_norm_(learning, CLIP_NORM)
            optimizer.step()
            schedule.step()
        losses.append(_held_out_loss(model, splits.validation, job.precision))
        phases.book("epochs" if len(losses) > 1 else "first epoch")
    return Trained(_answers(model, shards), sum(weight.numel() for weight in learning))


def same_network(reference: Path) -> Network:
    """Return timm's network with the weights of ours.

    Raises:
        ValueError: it answers otherwise than the Keras network does.
    """
    kept = dict(np.load(reference))
    pixels, wanted = kept.pop("pixels"), kept.pop("answers")
    features, cut = tuple(kept.pop("features").tolist()), int(kept.pop("cut"))
    model = Network(kept, feature_blocks=features, cut=cut)
    with torch.no_grad():
        found = model(torch.from_numpy(pixels).permute(0, 3, 1, 2).float()).numpy()
    gap = float(np.abs(found - wanted).max())
    if gap > SAME_LOGITS:
        raise ValueError(f"expected timm's logits within {SAME_LOGITS} of Keras', received {gap}")
    return model


def share(step: int, steps: int) -> float:
    """Return which part of the peak rate a step takes: linear warm-up, then cosine to zero."""
    warm_up = round(WARM_UP * steps)
    if step < warm_up:
        return step / warm_up
    done = min(1.0, (step - warm_up) / max(1, round((1 - WARM_UP) * steps)))
    return 0.5 * (1 + math.cos(math.pi * done))


def augmented(pixels: Any) -> Any:
    """Return a batch float [N, C, S, S] flipped, shifted, lit otherwise, each picture by itself."""
    count, size_px = len(pixels), pixels.shape[-1]
    places = torch.arange(size_px)
    reach = round(SHIFT * size_px)
    for axis in (2, 3):
        moved = places + torch.randint(-reach, reach + 1, (count, 1))
        # The border is mirrored.
        moved = moved.abs().minimum(2 * (size_px - 1) - moved)
        turned = torch.rand(count, 1) < 0.5
        moved = torch.where(turned, moved.flip(1), moved)
        shape = (count, 1, size_px, 1) if axis == 2 else (count, 1, 1, size_px)
        pixels = pixels.gather(axis, moved.reshape(shape).expand_as(pixels))
    mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
    gain = 1 + CONTRAST * _chance(count)
    return ((pixels - mean) * gain + mean + 255 * BRIGHTNESS * _chance(count)).clamp(0, 255)


def _chance(count: int) -> Any:
    return 2 * torch.rand(count, 1, 1, 1) - 1


def _loss(model: Network, split: Split, rows: Any, precision: str, *, augment: bool) -> Any:
    """Return each picture's weighted loss."""
    pixels = torch.from_numpy(np.array(split.pixels[rows])).permute(0, 3, 1, 2).float()
    if augment:
        pixels = augmented(pixels)
    pixels = pixels.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
    with _computing_in(precision):
        logits = model(pixels)
    targets = torch.from_numpy(split.targets[rows])
    losses = torch.nn.functional.cross_entropy(logits.float(), targets, reduction="none")
    return losses * torch.from_numpy(split.weights[rows])


def _held_out_loss(model: Network, split: Split, precision: str) -> float:
    with torch.no_grad():
        parts = [
            _loss(model, split, rows, precision, augment=False)
            for rows in np.array_split(np.arange(split.pictures), -(-split.pictures // BATCH))
        ]
    return float(torch.cat(parts).mean())


def _computing_in(precision: str) -> Any:
    if precision == "float32":
        return contextlib.nullcontext()
    return torch.autocast("cpu", dtype=torch.bfloat16)


def _stalled(losses: list[float], patience: int) -> bool:
    return bool(patience) and len(losses) - 1 - int(np.argmin(losses or [0])) >= patience


def _answers(model: Network, shards: Shards) -> Floats:
    pixels = shards.pixels("test")
    parts = []
    with torch.no_grad():
        for first in range(0, len(pixels), 64):
            batch = torch.from_numpy(np.array(pixels[first : first + 64]))
            parts.append(model(batch.permute(0, 3, 1, 2).float().expand(-1, 3, -1, -1)).numpy())
    answers: Floats = np.concatenate(parts)
    return answers
