"""A small set of pictures that a run can learn from within seconds, and compiled pipelines."""

import copy
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from pipelines.config import PipelineName, override, read_preset, resolve

GROUPS = 16
PER_GROUP = 8


@pytest.fixture(scope="session")
def tiny_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a manifest.csv: 128 pictures, half with a bright bar, in 16 groups."""
    return write_pictures(tmp_path_factory.mktemp("tiny"), bars=True)


@pytest.fixture(scope="session")
def unlearnable_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, but nothing in a picture tells its label."""
    return write_pictures(tmp_path_factory.mktemp("unlearnable"), bars=False)


def write_pictures(root: Path, *, bars: bool) -> Path:
    rng = np.random.default_rng(0)
    lines = ["path,label,group"]
    for group in range(GROUPS):
        for number in range(PER_GROUP):
            label = "defective" if number % 2 else "good"
            pixels = rng.normal(90, 12, (48, 48))
            if bars and label == "defective":
                row = int(rng.integers(8, 36))
                pixels[row : row + 6] += 110
            name = f"{label}/g{group:02d}-{number}.png"
            (root / label).mkdir(exist_ok=True)
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(root / name)
            lines.append(f"{name},{label},lot-{group:02d}")
    (root / "manifest.csv").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Compile a pipeline with a preset and changes to it, each only once; return the YAML."""
    from pipelines.dags.compiling import compile_to

    @functools.cache
    def package(pipeline: PipelineName, preset: str, *changes: str) -> Path:
        path = tmp_path_factory.mktemp("compiled") / "deep" / f"{pipeline}.yaml"
        settings = resolve(override(read_preset(preset), changes))
        # kfp looks through the whole call stack for every setting of a task: that of a new thread
        # is short, that of a test is long.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(compile_to, path, settings=settings, pipeline=pipeline).result()
        return path

    return package


@pytest.fixture(scope="session")
def compiled(package: Callable[..., Path]) -> Callable[..., list[Any]]:
    """Return the documents of a compiled pipeline, a copy that the test may change."""

    @functools.cache
    def read(*words: str) -> list[Any]:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return list(yaml.load_all(package(*words).read_text(), loader))

    return lambda *words: copy.deepcopy(read(*words))
