"""The steps of a training run up to the gate, one after the other in this process, without kfp."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kfp_artifact import Artifact

from components.common import config
from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.verdict import Verdict
from components.common.run_context import RunContext
from components.common.step import run_step
from pipelines.config import resolve, section_of

# What each step reads, and what it writes.
_STEPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ingest": ((), ("dataset",)),
    "validate": (("dataset",), ("validated", "report")),
    "augment": (("dataset",), ("shards",)),
    "inspect": (("dataset", "shards"), ("inspection",)),
    "train": (("shards",), ("candidate",)),
    "export": (("candidate", "dataset"), ("exported",)),
    "evaluate": (("exported", "candidate", "dataset", "inspection"), ("evaluation",)),
    "gate": (("evaluation",), ("verdict",)),
}
# A network without weights: what is tested is how data are judged, not how good features are.
TINY: dict[str, Any] = {
    "model_name": "parts",
    "validate": {"min_size_px": 16},
    "augment": {"image_size_px": 32, "views": 1},
    "train": {"weights": "none", "method": "linear_probe"},
}


@dataclass(frozen=True)
class Judged:
    """What the gate said, and what it read."""

    evaluation: Evaluation
    verdict: Verdict


def judge(data: Path, root: Path, **sections: Mapping[str, Any]) -> Judged:
    """Run ingest to gate on a folder or a manifest; sections are laid over `TINY`'s."""
    source = "manifest" if data.suffix == ".csv" or (data / "manifest.csv").exists() else "folder"
    plain: dict[str, Any] = {
        **TINY,
        "model_base_path": str(root / "models"),
        "ingest": {"source": source, "path": str(data)},
    }
    for name, section in sections.items():
        plain[name] = {**plain.get(name, {}), **section}
    settings = resolve(plain)
    context = config.to_plain(RunContext(run_id="in-process"))
    made: dict[str, Artifact] = {}
    for step, (reads, writes) in _STEPS.items():
        outputs = {name: Artifact(str(root / "artifacts" / step / name)) for name in writes}
        section = config.to_plain(section_of(settings, step))
        read: dict[str, Any] = {name: made[name] for name in reads}
        if step == "inspect":
            read["train"] = config.to_plain(settings.train)
        run_step(step, section, context, read, outputs)
        made |= outputs | ({"dataset": outputs["validated"]} if step == "validate" else {})
    return Judged(
        Evaluation.read(Path(made["evaluation"].path)), Verdict.read(Path(made["verdict"].path))
    )
