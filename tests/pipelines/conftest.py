"""Pictures that a run can learn from within seconds, and compiled pipelines."""

import copy
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from bar_pictures import write_pictures

from pipelines.config import PipelineName, override, read_preset, resolve


@pytest.fixture(scope="session")
def tiny_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a manifest.csv: 128 pictures, half with a bright bar, in 16 groups."""
    return write_pictures(tmp_path_factory.mktemp("tiny"), bars=True)


@pytest.fixture(scope="session")
def unlearnable_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, but nothing in a picture tells its label."""
    return write_pictures(tmp_path_factory.mktemp("unlearnable"), bars=False)


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
