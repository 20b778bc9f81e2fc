"""How a step runs: provenance, records, reuse, failure."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from kfp_artifact import Artifact

from components.common import config
from components.common.artifacts.lineage import read_provenance
from components.common.artifacts.records import PROVENANCE, read_record
from components.common.errors import ConfigError, DataError
from components.common.progress import track
from components.common.report.shown import Shown
from components.common.run_context import RunContext
from components.common.step import Nothing, Step, find_step, run_step
from components.common.step_record import StepRecord


@dataclass(frozen=True, kw_only=True)
class Settings(config.Section):
    word: str = "hello"


@dataclass(frozen=True, kw_only=True)
class Source:
    source: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Out:
    out: Path


def idle(settings: Settings, inputs: Nothing, outputs: Out, context: RunContext) -> None:
    pass


IDLE = Step("gate", idle)


@dataclass
class Bench:
    """A run with one step that writes its word, and counts how often it worked."""

    root: Path
    worked: int = 0

    def run(self, number: int, *, word: str = "hello", inputs: dict[str, Artifact] | None = None):
        run_dir = self.root / f"run{number}"
        out = Artifact(str(run_dir / "out"))
        context = RunContext(
            run_id=f"r{number}", commit="abc", run_dir=str(run_dir), cache_dir=str(self.root / "c")
        )

        def work(settings: Settings, inputs: Source, outputs: Out, context: RunContext) -> None:
            self.worked += 1
            outputs.out.mkdir(parents=True, exist_ok=True)
            (outputs.out / "word.txt").write_text(settings.word)

        run_step(
            Step("gate", work, reuse=True),
            settings={"word": word},
            run=config.to_plain(context),
            inputs=inputs,
            outputs={"out": out},
        )
        record = read_record(run_dir / "steps" / "gate.json", StepRecord)
        return out, record


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_unchanged_step_is_reused_with_the_same_bytes(bench: Bench) -> None:
    first, record = bench.run(1)
    assert record.state == "done"
    second, record = bench.run(2)
    assert (record.state, bench.worked) == ("reused", 1)
    assert (Path(second.path) / "word.txt").read_text() == "hello"
    assert first.metadata["content_sha256"] == second.metadata["content_sha256"]


def test_changed_setting_or_input_is_not_reused(bench: Bench, tmp_path: Path) -> None:
    bench.run(1)
    bench.run(2, word="other")
    assert bench.worked == 2
    source = Artifact(str(tmp_path / "input"))
    Path(source.path).mkdir()
    (Path(source.path) / "a").write_text("1")
    bench.run(3, inputs={"source": source})
    (Path(source.path) / "a").write_text("2")
    bench.run(4, inputs={"source": source})
    assert bench.worked == 4


def test_damaged_cache_entry_is_made_again(bench: Bench, tmp_path: Path) -> None:
    bench.run(1)
    for path in (tmp_path / "c").rglob("word.txt"):
        path.unlink()
        path.write_text("tampered")
    second, record = bench.run(2)
    assert record.state == "done"
    assert (Path(second.path) / "word.txt").read_text() == "hello"


def test_an_input_whose_record_is_truncated_is_known_by_its_content(
    bench: Bench, tmp_path: Path
) -> None:
    source = Artifact(str(tmp_path / "input"))
    Path(source.path).mkdir()
    (Path(source.path) / PROVENANCE).write_text('{"step": "inge')
    (Path(source.path) / "a").write_text("1")
    _, record = bench.run(1, inputs={"source": source})
    assert record.state == "done"


def test_truncated_records_cost_the_work_again_and_no_run(bench: Bench, tmp_path: Path) -> None:
    first, _ = bench.run(1)
    source = {"source": first}
    bench.run(2, inputs=source)
    for record in tmp_path.rglob(PROVENANCE):  # in the run, and in the cache
        text = record.read_text()
        record.unlink()
        record.write_text(text[:40])
    out, record = bench.run(3, inputs=source)
    assert (record.state, bench.worked) == ("done", 3)
    assert read_provenance(Path(out.path)) is not None
    assert bench.run(4, inputs=source)[1].state == "reused"


def test_provenance_names_commit_config_and_content(bench: Bench) -> None:
    out, _ = bench.run(1)
    record = json.loads((Path(out.path) / PROVENANCE).read_text())
    assert record["commit"] == "abc"
    assert record["config"] == '{"word":"hello"}'
    assert len(record["content_sha256"]) == 64
    assert out.metadata["run_id"] == "r1"


def test_failure_leaves_its_own_words_and_a_traceback_in_the_log(tmp_path: Path) -> None:
    context = RunContext(run_id="r", run_dir=str(tmp_path))

    def work(settings: Settings, inputs: Nothing, outputs: Nothing, context: RunContext) -> None:
        os.write(2, b"native noise\n")
        raise DataError("expected pictures, received none; add some")

    with pytest.raises(DataError):
        run_step(Step("gate", work), settings={}, run=config.to_plain(context))
    record = read_record(tmp_path / "steps" / "gate.json", StepRecord)
    assert (record.state, record.exit_code) == ("failed", 2)
    assert record.error == "expected pictures, received none; add some"
    log = (tmp_path / "steps" / "gate.log").read_text()
    assert "native noise" in log
    assert "Traceback" in log


def test_progress_reaches_the_run_folder(tmp_path: Path) -> None:
    context = RunContext(run_id="r", run_dir=str(tmp_path))

    def work(settings: Settings, inputs: Nothing, outputs: Nothing, context: RunContext) -> str:
        return str(sum(track([1, 2, 3], "adding")))

    assert run_step(Step("gate", work), settings={}, run=config.to_plain(context)) == "6"
    seen = json.loads((tmp_path / "steps" / "gate.progress").read_text())
    assert seen == {"activity": "adding", "done": 3, "total": 3}


def test_cluster_run_needs_no_folders(caplog: pytest.LogCaptureFixture) -> None:
    def work(settings: Settings, inputs: Nothing, outputs: Nothing, context: RunContext) -> str:
        return settings.word

    assert run_step(Step("gate", work), settings={}, run={"run_id": "r"}) == "hello"


def test_items_of_one_step_leave_files_of_their_own(tmp_path: Path) -> None:
    for item in ("a", "b"):
        out = Artifact(str(tmp_path / item))
        context = RunContext(run_id="r", run_dir=str(tmp_path / "run"), item=item)
        run_step(IDLE, settings={}, run=config.to_plain(context), outputs={"out": out})
    steps = tmp_path / "run" / "steps"
    assert {path.name for path in steps.glob("*.json")} == {"gate@a.json", "gate@b.json"}
    assert read_record(steps / "gate@a.json", StepRecord).step == "gate@a"


@pytest.mark.parametrize(("kept", "times"), [(True, 1), (False, 2)])
def test_outputs_that_are_not_to_be_kept_are_made_again(
    tmp_path: Path, kept: bool, times: int
) -> None:
    worked, after = [], []

    def work(settings: Settings, inputs: Nothing, outputs: Out, context: RunContext) -> None:
        worked.append(settings)

    step = Step(
        "gate",
        work,
        reuse=True,
        keep=lambda outputs: outputs.out.is_dir() and kept,
        after=lambda settings, inputs, outputs, context: after.append(outputs.out.is_dir()),
    )
    for number in (1, 2):
        run_step(
            step,
            settings={},
            run={"run_id": "r", "cache_dir": str(tmp_path / "cache")},
            outputs={"out": Artifact(str(tmp_path / str(number)))},
        )
    assert len(worked) == times
    assert after == [True, True]


def test_an_artifact_carries_its_whole_history(bench: Bench, tmp_path: Path) -> None:
    first, _ = bench.run(1)
    second, _ = bench.run(2, word="other", inputs={"source": first})
    third, _ = bench.run(3, word="third", inputs={"source": second})
    known = read_provenance(Path(third.path))
    assert known is not None
    assert [link.sha256 for link in known.ancestors] == [
        first.metadata["sha256"],
        second.metadata["sha256"],
    ]
    assert known.link.inputs == {"source": second.metadata["sha256"]}
    assert known.ancestors[1].inputs == {"source": first.metadata["sha256"]}
    assert (known.link.producer, known.link.name, known.link.uri) == ("gate", "out", third.path)
    for name in ("uri", "sha256", "producer", "inputs", "config", "commit"):
        assert third.metadata[name]
        assert all(getattr(link, name) for link in known.ancestors if name != "inputs")


def test_a_cluster_artifacts_uri_is_what_is_kept(tmp_path: Path) -> None:
    out = Artifact(str(tmp_path / "out"))
    out.uri = "s3://bucket/out"  # type: ignore[attr-defined]
    run_step(IDLE, settings={}, run={"run_id": "r"}, outputs={"out": out})
    assert out.metadata["uri"] == "s3://bucket/out"


def test_a_reused_artifact_keeps_its_record_and_tells_its_new_place(bench: Bench) -> None:
    first, _ = bench.run(1)
    second, _ = bench.run(2)
    known = read_provenance(Path(second.path))
    assert known is not None
    assert known.uri == first.path
    assert (second.metadata["uri"], second.metadata["run_id"]) == (second.path, "r1")


@dataclass(frozen=True, kw_only=True)
class Inner(config.Section):
    rate: float
    count: int


@dataclass(frozen=True, kw_only=True)
class Mixed:
    one: Path
    several: tuple[Path, ...]
    section: Inner
    plain: dict[str, Any]
    word: str


def test_inputs_arrive_as_their_types_say(tmp_path: Path) -> None:
    def work(settings: Settings, inputs: Mixed, outputs: Out, context: RunContext) -> None:
        assert inputs == Mixed(
            one=tmp_path / "a",
            several=(tmp_path / "b", tmp_path / "c"),
            section=Inner(rate=1.0, count=3),
            plain={"deep": [1, 2.5]},
            word="w",
        )
        assert isinstance(inputs.section.count, int) and isinstance(inputs.plain["deep"][0], int)

    a, b, c = (Artifact(str(tmp_path / name)) for name in "abc")
    out = Artifact(str(tmp_path / "out"))
    run_step(
        Step("gate", work),
        settings={},
        run={"run_id": "r", "deadline_unix_s": 5.0},
        # As a STRUCT passes them on: every number a float.
        inputs={
            "one": a,
            "several": [b, c],
            "section": {"rate": 1.0, "count": 3.0},
            "plain": {"deep": [1.0, 2.5]},
            "word": "w",
        },
        outputs={"out": out},
    )
    assert set(json.loads(out.metadata["inputs"])) == {"one", "several_0", "several_1"}


def test_a_wrong_section_is_the_steps_own_failure(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"one of the known settings \(word\)"):
        run_step(IDLE, settings={"wrod": 1.0}, run={"run_id": "r", "run_dir": str(tmp_path)})
    record = read_record(tmp_path / "steps" / "gate.json", StepRecord)
    assert (record.state, record.exit_code) == ("failed", 2)


def test_what_a_step_shows_reaches_the_dashboard(tmp_path: Path) -> None:
    class Metrics:
        seen: ClassVar[dict[str, float]] = {}

        def log_metric(self, metric: str, value: float) -> None:
            self.seen[metric] = value

    def work(settings: Settings, inputs: Nothing, outputs: Out, context: RunContext) -> None:
        outputs.out.mkdir()
        (outputs.out / "report.html").write_text("page")

    step = Step(
        "gate", work, show=lambda o: Shown(figures={"auc": 0.5}, page=o.out / "report.html")
    )
    page = Artifact(str(tmp_path / "deep" / "page.html"))
    run_step(
        step,
        settings={},
        run={"run_id": "r"},
        outputs={"out": Artifact(str(tmp_path / "out"))},
        metrics=Metrics(),
        page=page,
    )
    assert Metrics.seen == {"auc": 0.5}
    assert Path(page.path).read_text() == "page"


def test_preparation_comes_before_the_cache_is_asked(tmp_path: Path) -> None:
    order: list[str] = []

    def prepare(settings: Settings, inputs: Nothing) -> None:
        order.append("prepare")

    def content(settings: Settings, inputs: Nothing, context: RunContext) -> str:
        order.append("content")
        return ""

    step = Step("gate", idle, prepare=prepare, reuse=True, content_key=content)
    out = {"out": Artifact(str(tmp_path / "out"))}
    run_step(step, {}, {"run_id": "r", "cache_dir": str(tmp_path / "cache")}, outputs=out)
    assert order[:2] == ["prepare", "content"]
    order.clear()
    # Without a cache nobody reads all the data for nothing.
    run_step(step, {}, {"run_id": "r"}, outputs=out)
    assert order == ["prepare"]


def test_steps_and_their_variants_are_found_by_name() -> None:
    assert find_step("gate").name == "gate"
    # What either has trained is there for both.
    assert {find_step(name).name for name in ("train", "train.finalist")} == {"train"}
