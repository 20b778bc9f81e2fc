"""What evaluate works out once and keeps by content, beside what other runs kept.

The step works again whenever another version serves. Most of what it asks does not depend on that.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from components.common import config, step_cache
from components.common.artifacts.lineage import Provenance, content_sha256
from components.common.artifacts.records import PROVENANCE, tree_sha256, write_record
from components.common.run_context import RunContext
from components.evaluate.config import EvaluateConfig


@dataclass(frozen=True)
class KeptFolder:
    """A folder that is in the cache already (`complete`), or is to be created and filled."""

    folder: Path
    complete: bool


@contextmanager
def kept(
    name: str,
    chosen: str,
    content: str,
    inputs: tuple[Path, ...],
    settings: EvaluateConfig,
    context: RunContext,
) -> Iterator[KeptFolder]:
    """Yield a folder to read from, or to fill first; what was filled is kept for later runs.

    It is gone after the block. One that fails keeps nothing.

    Args:
        name: of its place in the cache.
        chosen: those settings that it depends on, as text.
        content: digest of what it depends on besides.
        inputs: folders of the artifacts that it depends on.
        settings: of the step, for provenance.
        context: where the cache is.
    """
    digests = {str(number): content_sha256(root) for number, root in enumerate(inputs)}
    key = step_cache.key("evaluate", chosen, digests, content)
    cache = context.cache_dir
    # On the volume of the cache, so that it can be linked there.
    if cache:
        Path(cache).mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix=".looking-", dir=cache or None))
    folder = root / name
    try:
        there = bool(cache) and step_cache.fetch(cache, name, key, {name: folder})
        yield KeptFolder(folder, complete=there)
        if cache and not there:
            _stamp(folder, name, settings, context)
            step_cache.store(cache, name, key, {name: folder})
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _stamp(folder: Path, name: str, settings: EvaluateConfig, context: RunContext) -> None:
    """Give the folder the provenance by which the cache tells whole entries from damaged ones."""
    provenance = Provenance(
        step="evaluate",
        name=name,
        run_id=context.run_id,
        commit=context.commit,
        data_sha256=context.data_sha256,
        config=config.to_json(settings),
        inputs={},
        content_sha256=tree_sha256(folder),
    )
    write_record(folder / PROVENANCE, provenance)
