"""What an evaluation reads of the versions that the candidate has to beat, as one digest."""

import hashlib
import json
from pathlib import Path

from components.common.artifacts.lineage import SEEN
from components.common.artifacts.model_folder import (
    ModelVersion,
    candidate_path,
    lineage_path,
    newest_version,
)
from components.common.artifacts.passport import best_so_far
from components.common.artifacts.records import file_sha256, tree_sha256
from components.evaluate.config import EvaluateConfig


def serving_key(settings: EvaluateConfig) -> str:
    """Return the digest of the version that serves and of the best one so far; "" without any.

    They are their files, what they have seen and what their folds answered.
    """
    if not settings.model_base_path:
        return ""
    serving = newest_version(Path(settings.model_base_path) / settings.model_name)
    if serving is None:
        return ""
    known = [_known_of(version) for version in (serving, best_so_far(serving))]
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()


def _known_of(version: ModelVersion) -> list[object]:
    model_dir, number = version.path.parent, version.number
    seen = candidate_path(model_dir, number) / SEEN
    return [
        number,
        *(tree_sha256(folder) for folder in (version.path, lineage_path(model_dir, number))),
        file_sha256(seen) if seen.is_file() else "",
    ]
