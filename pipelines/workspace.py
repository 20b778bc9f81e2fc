"""The folder that a user stands in: which preset and which model it means when nobody says."""

import json
import re
import unicodedata
from pathlib import Path
from string import Template

from components.common.artifacts.model_folder import newest_version
from components.common.errors import ConfigError
from components.common.labels.source_facts import SourceFacts
from components.ingest.config import IngestConfig
from pipelines.config import read_preset

# What `graft init` writes.
PRESET_FILE = Path("graft.yaml")
_STARTING_PRESET = Template("""\
# What `graft run` does in this folder, written by `graft init`. Change a line and run again: only
# the steps that it concerns are computed again. An unknown name is refused, with those there are.

# $pictures pictures of $count classes: $classes
model_name: $model_name
seed: 0

ingest:
  source: $source
  path: $path
  # Pictures of one part, lot or session must not be learnt from and judged by at once. Which
  # belong together says $groups
$positive
augment:
  # How pictures are varied in training. `none` where a mirrored picture means something else,
  # `auto` to have measured what helps, or some by name: [rotation, brightness].
  policy: flips_shifts_light
  # Larger shows smaller details and costs time with its square.
  image_size_px: 160

train:
  # `graft backbones` lists others. The weights are fetched once.
  backbone: efficientnet_lite/2
  weights: imagenet
  precision: auto
  # Seconds. `linear_probe_finetune` takes minutes and may gain where pictures are many or unlike
  # photographs; `graft advise` says what else fits these pictures.
  method: linear_probe
  # options: {epochs: 10} # of linear_probe_finetune

evaluate:
  # What is good; all else is a defect. A missed defect may cost more than a false alarm:
  # good: [$first]
  # escape_cost: 5.0
  # "ask" instead of a class, for at most this share of ordinary pictures; 0 never asks.
  max_asked: 0.1

export:
  # Of two classes: the probability from which `positive` is said; 0 follows from the costs above.
  decision_threshold: 0.0

gate:
  # With fewer pictures to judge by the verdict is `insufficient`, and nothing is published.
  min_test_pictures: 30
  thresholds:
    - {metric: balanced_accuracy, at_least: 0.6}
""")


def default_preset() -> str | None:
    """Return the path of the preset that lies in this folder, None without one."""
    return str(PRESET_FILE) if PRESET_FILE.is_file() else None


def default_model_name(models: Path) -> str:
    """Return the model that is meant: graft.yaml's, else the only one published.

    Args:
        models: the folder that holds `<model name>/<version>/`.

    Raises:
        ConfigError: none is, or several are; the message names them.
    """
    preset = default_preset()
    named = read_preset(preset).get("model_name") if preset else None
    if isinstance(named, str) and named:
        return named
    published = published_models(models)
    if len(published) == 1:
        return published[0]
    raise ConfigError(
        "the name of a model",
        received=f"none, where {models} has {', '.join(published) or 'no published model'}",
        do="name one of them" if published else "publish one first: graft run FOLDER",
    )


def published_models(models: Path) -> tuple[str, ...]:
    """Return the names of the models that have a version, in alphabetical order."""
    if not models.is_dir():
        return ()
    return tuple(sorted(path.name for path in models.iterdir() if newest_version(path)))


def model_name_of(data: Path) -> str:
    """Return the model name that a data set's folder gives: its own, in small safe characters."""
    place = data.resolve()
    folder = place if place.is_dir() else place.parent
    plain = unicodedata.normalize("NFKD", folder.name).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9_-]+", "-", plain.lower()).strip("-_")
    return name if re.match("[a-z]", name) else f"model-{name}".rstrip("-")


def starting_preset(data: Path, source: IngestConfig, facts: SourceFacts) -> str:
    """Return the text of a graft.yaml for a data set, with a comment for each setting.

    Args:
        data: as the user named it; stands in the text as it is.
        source: how it is read.
        facts: what it holds.
    """
    in_table = f"the table's column 'group' (it names {facts.groups} groups now)."
    in_names = "their name, in the first bracket of:\n  # group_pattern: '(lot[0-9]+)'"
    classes = [one.name for one in facts.labelled]
    positive = (
        "  # What is looked for; left out, the class that sounds like a defect:\n"
        f"  # positive: {json.dumps(classes[-1], ensure_ascii=False)}\n"
    )
    return _STARTING_PRESET.substitute(
        pictures=facts.pictures,
        count=len(classes),
        classes=", ".join(f"{one.name} {one.pictures}" for one in facts.labelled),
        model_name=model_name_of(data),
        source=source.source,
        path=json.dumps(str(data), ensure_ascii=False),
        groups=in_table if source.source == "manifest" else in_names,
        first=json.dumps(classes[0], ensure_ascii=False),
        positive=positive if len(classes) == 2 else "",
    )
