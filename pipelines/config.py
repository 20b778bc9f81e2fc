"""One typed run: a YAML preset, `--set` overrides, and a section for each step."""

import dataclasses
import importlib
import importlib.resources
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from components.augment.config import AUTO, AugmentConfig
from components.common import config
from components.common.config import Section
from components.common.errors import ConfigError
from components.deploy.config import DeployConfig
from components.evaluate.config import EvaluateConfig
from components.export.config import ExportConfig
from components.gate.config import GateConfig
from components.ingest.config import IngestConfig
from components.inspect.config import InspectConfig
from components.monitor.config import MonitorConfig
from components.networks.config import NetworkConfig, check_size
from components.notify.config import NotifyConfig
from components.plan.config import PlanConfig
from components.rank.config import RankConfig
from components.reference.config import ReferenceConfig
from components.select.config import SelectConfig
from components.train.config import TrainConfig, uses
from components.validate.config import ValidateConfig
from pipelines.cluster.config import ClusterConfig
from pipelines.schedule.config import ScheduleConfig

PipelineName = Literal["training", "tuning", "monitoring"]

# Said once at the top of a preset, handed to every section that has a field of that name.
SHARED = ("seed", "model_name", "model_base_path")

# Said in `evaluate`, where a user thinks of what a wrong answer costs; export builds it in.
FROM_EVALUATE = ("good", "escape_cost", "false_alarm_cost", "escape_rate", "max_asked")


@dataclass(frozen=True, kw_only=True)
class TuneConfig(Section):
    """What `graft tune` does besides the steps of a training run; one section a step."""

    rank: RankConfig = RankConfig()
    plan: PlanConfig = PlanConfig()
    select: SelectConfig = SelectConfig()


@dataclass(frozen=True, kw_only=True)
class RetrainConfig(Section):
    """How a run that a monitor starts differs from one that a person starts.

    warm_start: begin with the version that serves, not with `train.weights`. The data set is read
        as a whole, old pictures and new, so nothing that was learnt is left unrehearsed.
    """

    warm_start: bool = True


@dataclass(frozen=True, kw_only=True)
class TrainingRun(Section):
    """All settings of one training run, of a tuning, and of what watches its result.

    Attributes:
        model_name: the name under which TF Serving serves the model.
        model_base_path: the folder that holds `<model_name>/<version>/`.
        seed: where every random stream starts; the splits have their own, `validate.split_seed`.
    """

    model_name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")] = "model"
    model_base_path: Annotated[str, Field(min_length=1)] = "serving/models"
    seed: Annotated[int, Field(ge=0)] = 0
    ingest: IngestConfig = IngestConfig()
    validate: ValidateConfig = ValidateConfig()
    augment: AugmentConfig = AugmentConfig()
    inspect: InspectConfig = InspectConfig()
    train: TrainConfig = TrainConfig()
    export: ExportConfig = ExportConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    gate: GateConfig = GateConfig()
    reference: ReferenceConfig = ReferenceConfig()
    deploy: DeployConfig = DeployConfig()
    notify: NotifyConfig = NotifyConfig()
    tune: TuneConfig = TuneConfig()
    monitor: MonitorConfig = MonitorConfig()
    retrain: RetrainConfig = RetrainConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    cluster: ClusterConfig = ClusterConfig()


# Sections that are no step of a training run.
_OTHERS = {"tune", "monitor", "retrain", "schedule", "cluster"}
TUNING_STEPS = tuple(field.name for field in dataclasses.fields(TuneConfig))
# The steps of a training run, in the order in which they run.
STEPS = tuple(
    field.name
    for field in dataclasses.fields(TrainingRun)
    if dataclasses.is_dataclass(field.type) and field.name not in _OTHERS
)


def section_of(settings: TrainingRun, step: str) -> Any:
    """Return a step's section."""
    return getattr(settings.tune if step in TUNING_STEPS else settings, step)


def preset_names() -> tuple[str, ...]:
    """Return the names of the presets that come with Graft."""
    folder = importlib.resources.files("pipelines") / "presets"
    return tuple(sorted(Path(item.name).stem for item in folder.iterdir()))


def read_preset(name_or_path: str) -> dict[str, Any]:
    """Return a preset's plain data, by name or by the path of a YAML file.

    Raises:
        ConfigError: there is no such preset, or it is not a YAML mapping.
    """
    if name_or_path in preset_names():
        folder = importlib.resources.files("pipelines") / "presets"
        text = (folder / f"{name_or_path}.yaml").read_text()
    elif Path(name_or_path).is_file():
        text = Path(name_or_path).read_text()
    else:
        known = ", ".join(preset_names())
        raise ConfigError(
            f"a preset ({known}) or the path of a YAML file",
            received=f"'{name_or_path}'",
            do="choose one of them or correct the path",
        )
    return _mapping(text, name_or_path)


def _mapping(text: str, name: str) -> dict[str, Any]:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(
            f"valid YAML in {name}", received=" ".join(str(error).split()), do="correct the file"
        ) from None
    if not isinstance(data, dict):
        raise ConfigError(
            f"a mapping of settings in {name}", received=repr(data), do="correct the file"
        )
    return data


def override(data: Mapping[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """Apply `section.key=value` texts to plain data; values are read as YAML.

    Raises:
        ConfigError: a text has no `=`, or its path leads through a plain value.
    """
    result: dict[str, Any] = {**data}
    for text in assignments:
        path, separator, value = text.partition("=")
        if not separator or not path.strip():
            raise ConfigError("--set section.key=value", received=f"'{text}'", do="add the '='")
        _assign(result, path.strip().split("."), yaml.safe_load(value), text)
    return result


def _assign(data: dict[str, Any], path: list[str], value: Any, text: str) -> None:
    for part in path[:-1]:
        inner = data.get(part, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"a section at '{part}'", received=f"'{text}'", do="correct the path")
        data[part] = dict(inner)
        data = data[part]
    data[path[-1]] = value


def resolve(data: Mapping[str, Any]) -> TrainingRun:
    """Check plain data to the last option and hand the shared settings down to the sections.

    What a section cannot know by its types alone (which methods, policies or detectors there are,
    and what options each takes) its module says: `components.<step>.config.check`, if it has one.

    Raises:
        ConfigError: a key or name is unknown, or a value is of the wrong type or range.
        DataError: the backbone wants larger pictures.
    """
    # First as written, so that messages name the user's keys.
    checked = config.load(TrainingRun, data)
    filled = {**data}
    for step in (*STEPS, "monitor"):
        filled[step] = _with_shared(data.get(step), getattr(checked, step), checked)
    for key in FROM_EVALUATE:
        filled["export"].setdefault(key, getattr(checked.evaluate, key))
    # Validate deals out the pictures by what evaluate is to judge by.
    filled["validate"].setdefault("evidence", checked.evaluate.evidence)
    # Which classes there are shows in validate first; export needs the good ones, after training.
    filled["validate"].setdefault("good", filled["export"]["good"])
    costs = {filled["export"][name] for name in ("escape_cost", "false_alarm_cost")}
    filled["validate"].setdefault("costs_differ", len(costs) > 1)
    if checked.augment.policy == AUTO:
        network = {field.name for field in dataclasses.fields(NetworkConfig)}
        seen = {key: value for key, value in filled["train"].items() if key in network}
        filled["augment"]["auto"] = seen | dict(filled["augment"].get("auto") or {})
    served = filled["evaluate"]["model_base_path"]
    if served and checked.gate.compare_with_serving:
        model_dir = Path(served) / filled["evaluate"]["model_name"]
        filled["train"].setdefault("compare_with", str(model_dir))
    tune = dict(data.get("tune") or {})
    for step in TUNING_STEPS:
        tune[step] = _with_shared(tune.get(step), getattr(checked.tune, step), checked)
    settings = config.load(TrainingRun, {**filled, "tune": tune})
    for step in (*STEPS, *TUNING_STEPS, "monitor"):
        module = importlib.import_module(f"components.{step}.config")
        if hasattr(module, "check"):
            module.check(section_of(settings, step))
    check_size(settings.train.backbone, settings.augment.image_size_px)
    if settings.ingest.unlabelled and not uses(settings.train.method).unlabelled:
        raise ConfigError(
            "a method that learns from pictures without a label, since ingest.unlabelled is true",
            received=f"train.method={settings.train.method}, which does not",
            do="choose one that does ('graft advise'), or leave ingest.unlabelled out",
        )
    return settings


def _with_shared(plain: Mapping[str, Any] | None, section: Any, run: TrainingRun) -> dict[str, Any]:
    """Return a section's plain data with the run's shared settings where it says nothing else."""
    result = dict(plain or {})
    fields = {field.name for field in dataclasses.fields(section)}
    for shared in SHARED:
        if shared in fields:
            result.setdefault(shared, getattr(run, shared))
    return result
