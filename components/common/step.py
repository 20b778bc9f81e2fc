"""How every step runs: settings in, work done (or taken from the cache), provenance out.

Each step's `step.py` holds `run(settings, inputs, outputs, context)` and says in `STEP` what these
are. `component.py` hands over to `run_step`, which parses what Kubeflow passes on, once.
"""

import dataclasses
import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, get_type_hints

from components.common import config, step_cache
from components.common.artifacts.lineage import Provenance, content_sha256, gathered
from components.common.artifacts.records import PROVENANCE, read_record, tree_sha256, write_record
from components.common.files import full_disk_named
from components.common.report.shown import ClassificationLike, MetricsLike, Shown, publish
from components.common.run_context import RunContext
from components.common.step_record import keep_for_exit_step, recording

S = TypeVar("S")
I = TypeVar("I")  # noqa: E741 - settings, inputs, outputs
O = TypeVar("O")  # noqa: E741


class ArtifactLike(Protocol):
    """The part of a kfp artifact that a step touches; kfp's own has a `uri` as well."""

    path: str
    metadata: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """The inputs or outputs of a step that has none."""


@dataclass(frozen=True)
class Step(Generic[S, I, O]):
    """A step, as its `step.py` describes it.

    name: what it is called in the run's folder, in the cache and in provenance.
    run: the step itself, whose annotations say what it is called with: the dataclass of its
        section; one of its inputs, where `Path` is an artifact's folder, `tuple[Path, ...]` those
        of several, a dataclass another section, and all else is passed as it is; one of the
        folders to write. What it returns is the component's plain result.
    prepare: comes first, before the cache is asked: what can only be set before Keras is imported.
    reuse: take the outputs from the cache when nothing they depend on has changed. Only for steps
        whose result is wholly in their outputs.
    content_key: digest of what the step reads besides its inputs (a data folder, weights).
    later_key: the `content_key` that a later run will have on account of these outputs, where it
        would write the same.
    keep: whether a later run may reuse the outputs; yes without it.
    after: comes last, also when the outputs were reused.
    show: what a dashboard shows of the outputs.
    announced: people hear what the outputs say: on a cluster records and pages are copied to where
        the exit step finds them.
    """

    name: str
    run: Callable[[S, I, O, RunContext], object]
    _: KW_ONLY
    prepare: Callable[[S, I], None] | None = None
    reuse: bool = False
    content_key: Callable[[S, I, RunContext], str] | None = None
    later_key: Callable[[O], str] | None = None
    keep: Callable[[O], bool] | None = None
    after: Callable[[S, I, O, RunContext], None] | None = None
    show: Callable[[O], Shown] | None = None
    announced: bool = False

    @property
    def records(self) -> dict[str, Any]:
        """The dataclasses `settings`, `inputs` and `outputs`, by these names."""
        return get_type_hints(self.run)


def find_step(name: str) -> Step[Any, Any, Any]:
    """Return a step by its folder's name, or a variant of it by its module: "train.finalist"."""
    module = name if "." in name else f"{name}.step"
    found: Step[Any, Any, Any] = importlib.import_module(f"components.{module}").STEP
    return found


def run_step(
    step: str | Step[Any, Any, Any],
    settings: Mapping[str, Any],
    run: Mapping[str, Any],
    inputs: Mapping[str, Any] | None = None,
    outputs: Mapping[str, ArtifactLike] | None = None,
    *,
    metrics: MetricsLike | None = None,
    page: ArtifactLike | None = None,
    classification: ClassificationLike | None = None,
) -> Any:
    """Run one step and return what its `run` returns, None when its outputs were reused.

    Args:
        step: as `find_step` has it, or the step itself.
        settings: its section, as a STRUCT parameter passes it on.
        run: the RunContext, likewise.
        inputs: artifacts read, by the names of the step's inputs, and values.
        outputs: artifacts written, by the names of the step's outputs.
        metrics: takes the figures that the step shows.
        page: becomes the HTML page that the step shows.
        classification: takes the confusion matrix and the curve that the step shows.

    Raises:
        GraftError: as the step raises; the text is also left for the run summary.
    """
    known = find_step(step) if isinstance(step, str) else step
    context = config.from_struct(RunContext, run, where="run").of_this_process()
    with recording(context, known.name) as recorded, full_disk_named():
        job = _Job(known, settings, context, dict(inputs or {}), dict(outputs or {}))
        recorded.state, result = job.work(recorded.started_unix_s)
        recorded.result = result if isinstance(result, str) else ""
        recorded.outputs = job.kept_outputs()
        if known.show is not None:
            place = None if page is None else Path(page.path)
            publish(known.show(job.places), metrics, place, classification)
    return result


class _Job:
    """One step with its settings, inputs and outputs parsed."""

    def __init__(
        self,
        step: Step[Any, Any, Any],
        settings: Mapping[str, Any],
        context: RunContext,
        inputs: dict[str, Any],
        outputs: dict[str, ArtifactLike],
    ) -> None:
        self._step = step
        self._context = context
        self._artifacts = dict(_artifacts(inputs))
        self._outputs = outputs
        records = step.records
        self._settings = config.from_struct(records["settings"], settings, where=step.name)
        self._inputs = _record(records["inputs"], inputs)
        self.places = _record(records["outputs"], outputs)

    @property
    def output_paths(self) -> dict[str, Path]:
        return {name: Path(artifact.path) for name, artifact in self._outputs.items()}

    def kept_outputs(self) -> dict[str, str]:
        """Return where the outputs are found from now on, which on a cluster is not in this pod."""
        if self._context.run_dir:
            return {name: str(path) for name, path in self.output_paths.items()}
        found = {name: _uri(artifact) for name, artifact in self._outputs.items()}
        if self._step.announced:
            found |= keep_for_exit_step(self._context, self._step.name, self.output_paths)
        return found

    def work(self, started_unix_s: float) -> tuple[str, object]:
        """Do the work or find it done; return the state and the result."""
        step, context = self._step, self._context
        if step.prepare is not None:
            step.prepare(self._settings, self._inputs)
        key, kept, result = self._key(), (context.cache_dir, step.name), None
        reused = bool(key) and step_cache.fetch(*kept, key, self.output_paths)
        if not reused:
            result = step.run(self._settings, self._inputs, self.places, context)
            self._stamp(started_unix_s)
            # Data that changed while they were read must not pass for the old ones later.
            if key and self._key() == key and (step.keep is None or step.keep(self.places)):
                step_cache.store(*kept, key, self.output_paths)
                if step.later_key is not None:
                    later = self._key_of(step.later_key(self.places))
                    step_cache.store(*kept, later, self.output_paths)
        self._fill_metadata()
        if step.after is not None:
            step.after(self._settings, self._inputs, self.places, context)
        return "reused" if reused else "done", result

    def _key(self) -> str:
        """Return the key of the outputs in the cache; "" where nothing is reused."""
        step, context = self._step, self._context
        if not step.reuse or not context.cache_dir:
            return ""
        content = ""
        if step.content_key is not None:
            content = step.content_key(self._settings, self._inputs, context)
        return self._key_of(content)

    def _key_of(self, content: str) -> str:
        settings = config.to_json(self._settings)
        return step_cache.key(self._step.name, settings, self._input_digests(), content)

    def _input_digests(self) -> dict[str, str]:
        return {name: content_sha256(Path(item.path)) for name, item in self._artifacts.items()}

    def _stamp(self, started_unix_s: float) -> None:
        digests = self._input_digests()
        ancestors = gathered(Path(item.path) for item in self._artifacts.values())
        for name, path in self.output_paths.items():
            path.mkdir(parents=True, exist_ok=True)
            provenance = Provenance(
                step=self._step.name,
                name=name,
                uri=_uri(self._outputs[name]),
                run_id=self._context.run_id,
                commit=self._context.commit,
                data_sha256=self._context.data_sha256,
                config=config.to_json(self._settings),
                inputs=digests,
                content_sha256=tree_sha256(path),
                created_unix_s=started_unix_s,
                ancestors=ancestors,
            )
            write_record(path / PROVENANCE, provenance)

    def _fill_metadata(self) -> None:
        for artifact in self._outputs.values():
            known = read_record(Path(artifact.path) / PROVENANCE, Provenance)
            artifact.metadata |= dataclasses.asdict(known.link) | {
                "inputs": json.dumps(known.inputs, sort_keys=True),
                "uri": _uri(artifact),
                "step": known.step,
                "content_sha256": known.content_sha256,
            }


def _artifacts(inputs: Mapping[str, Any]) -> Iterator[tuple[str, ArtifactLike]]:
    for name, given in inputs.items():
        if isinstance(given, list):
            yield from ((f"{name}_{number}", one) for number, one in enumerate(given))
        elif hasattr(given, "path"):
            yield name, given


def _record(cls: type[Any], given: Mapping[str, Any]) -> Any:
    types = {field.name: field.type for field in dataclasses.fields(cls)}
    return cls(**{name: _parsed(value, types.get(name), name) for name, value in given.items()})


def _parsed(given: Any, wanted: Any, name: str) -> Any:
    if isinstance(given, list):
        return tuple(Path(one.path) for one in given)
    if hasattr(given, "path"):
        return Path(given.path)
    if isinstance(wanted, type) and dataclasses.is_dataclass(wanted):
        return config.from_struct(wanted, given, where=name)
    return config.restored(given)


def _uri(artifact: ArtifactLike) -> str:
    return str(getattr(artifact, "uri", "") or artifact.path)
