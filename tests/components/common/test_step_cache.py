"""What may be reused, and what must never be."""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from kfp_artifact import Artifact

from components.common import config, step_cache
from components.common.run_context import RunContext
from components.common.step import Nothing, Step, run_step


@dataclass(frozen=True, kw_only=True)
class Settings(config.Section):
    data: str


@dataclass(frozen=True, kw_only=True)
class Out:
    out: Path


@dataclass
class Bench:
    """A step that copies a data file to its output, as ingest does."""

    root: Path
    worked: int = 0
    number: int = 0

    @property
    def data(self) -> Path:
        return self.root / "data.txt"

    def run(self, *, meanwhile: str = "", cached: bool = True) -> str:
        self.number += 1
        out = Artifact(str(self.root / f"out{self.number}"))

        def work(settings: Settings, inputs: Nothing, outputs: Out, context: RunContext) -> None:
            self.worked += 1
            outputs.out.mkdir()
            if meanwhile:
                Path(settings.data).write_text(meanwhile)
            (outputs.out / "copy.txt").write_text(Path(settings.data).read_text())

        cache = str(self.root / "cache") if cached else ""

        def content_key(settings: Settings, inputs: Nothing, context: RunContext) -> str:
            return Path(settings.data).read_text()

        run_step(
            Step("ingest", work, reuse=True, content_key=content_key),
            settings={"data": str(self.data)},
            run={"run_id": "r", "cache_dir": cache},
            outputs={"out": out},
        )
        return (Path(out.path) / "copy.txt").read_text()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.data.write_text("first")
    return bench


def test_changed_data_are_never_reused_and_unchanged_ones_are(bench: Bench) -> None:
    assert [bench.run(), bench.run()] == ["first", "first"]
    assert bench.worked == 1
    bench.data.write_text("second")
    assert bench.run() == "second"
    bench.data.write_text("first")
    assert bench.run() == "first"
    assert bench.worked == 2


def test_data_that_change_while_they_are_read_are_not_kept(bench: Bench) -> None:
    assert bench.run(meanwhile="second") == "second"
    bench.data.write_text("first")
    assert bench.run() == "first"
    assert bench.worked == 2


def test_outputs_are_found_again_under_the_key_that_they_lead_to(tmp_path: Path) -> None:
    published, worked = tmp_path / "published.txt", []

    def work(settings: Settings, inputs: Nothing, outputs: Out, context: RunContext) -> None:
        worked.append(settings.data)
        outputs.out.mkdir()
        (outputs.out / "deal.txt").write_text(f"deal of {settings.data}")

    step = Step(
        "ingest",
        work,
        reuse=True,
        content_key=lambda *_: published.read_text() if published.exists() else "",
        later_key=lambda outputs: (outputs.out / "deal.txt").read_text(),
    )

    def run(data: str) -> str:
        out = Artifact(str(tmp_path / f"out{len(list(tmp_path.iterdir()))}"))
        run_step(
            step,
            settings={"data": data},
            run={"run_id": "r", "cache_dir": str(tmp_path / "cache")},
            outputs={"out": out},
        )
        return (Path(out.path) / "deal.txt").read_text()

    run("pictures")
    published.write_text("deal of pictures")
    assert run("pictures") == "deal of pictures"
    assert worked == ["pictures"]
    published.write_text("another deal")
    run("pictures")
    assert worked == ["pictures", "pictures"]


def test_without_a_cache_everything_is_worked_again(bench: Bench) -> None:
    bench.run()
    bench.run(cached=False)
    bench.run(cached=False)
    assert bench.worked == 3


@pytest.mark.parametrize(
    "changed",
    ["common/pictures.py", "ingest/deep/source.py", "ingest/new.py", "ingest/report.html"],
)
def test_changed_code_is_another_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    components = tmp_path / "components"
    for name in ("common/step_cache.py", "common/pictures.py", "ingest/deep/source.py"):
        (components / name).parent.mkdir(parents=True, exist_ok=True)
        (components / name).write_text("old")
    (components / "train").mkdir()
    monkeypatch.setattr(step_cache, "__file__", str(components / "common" / "step_cache.py"))
    before = step_cache.key("ingest", "{}", {}, "")
    (components / "train" / "fit.py").write_text("another step's code")
    assert step_cache.key("ingest", "{}", {}, "") == before
    (components / changed).write_text("new")
    assert step_cache.key("ingest", "{}", {}, "") != before


def test_each_part_of_the_key_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {
        step_cache.key("ingest", "{}", {}, ""),
        step_cache.key("export", "{}", {}, ""),
        step_cache.key("ingest", '{"a":1}', {}, ""),
        step_cache.key("ingest", "{}", {"dataset": "1"}, ""),
        step_cache.key("ingest", "{}", {"shards": "1"}, ""),
        step_cache.key("ingest", "{}", {"dataset": "2"}, ""),
        step_cache.key("ingest", "{}", {}, "weights"),
    }
    monkeypatch.setattr(step_cache, "library_versions", lambda: {"numpy": "99"})
    keys.add(step_cache.key("ingest", "{}", {}, ""))
    monkeypatch.undo()
    monkeypatch.setenv("KERAS_BACKEND", "jax" if os.environ.get("KERAS_BACKEND") != "jax" else "x")
    keys.add(step_cache.key("ingest", "{}", {}, ""))
    assert len(keys) == 9


def entry(root: Path, key: str, content: str = "x") -> None:
    out = root / "made" / key
    out.mkdir(parents=True)
    (out / "file").write_text(content)
    step_cache.store(str(root / "cache"), "ingest", key, {"out": out})


def entries(root: Path) -> set[str]:
    return {path.name for path in (root / "cache" / "ingest").iterdir()}


def test_the_cache_is_bounded_by_number_and_by_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(step_cache.KEEP_PER_STEP + 3):
        entry(tmp_path, f"k{number}")
        os.utime(tmp_path / "cache" / "ingest" / f"k{number}", (number, number))
    assert len(entries(tmp_path)) == step_cache.KEEP_PER_STEP
    assert "k0" not in entries(tmp_path)
    monkeypatch.setattr(step_cache, "KEEP_BYTES_PER_STEP", 250)
    entry(tmp_path, "large", "x" * 200)
    assert "large" in entries(tmp_path)
    entry(tmp_path, "too-large-by-itself", "x" * 300)
    assert entries(tmp_path) == {"too-large-by-itself"}


def test_what_killed_runs_left_is_cleared_after_an_hour(tmp_path: Path) -> None:
    entry(tmp_path, "a")
    for name, age_s in ((".partial-old", 7200), (".partial-young", 0)):
        left = tmp_path / "cache" / "ingest" / name
        left.mkdir()
        os.utime(left, (time.time() - age_s,) * 2)
    entry(tmp_path, "b")
    assert entries(tmp_path) == {"a", "b", ".partial-young"}


def test_an_entry_that_goes_while_it_is_fetched_is_worked_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run()
    link_tree = step_cache.link_tree

    def evicted(source: Path, target: Path) -> None:
        if "cache" in source.parts:
            link_tree(source, target)
            shutil.rmtree(source)
            raise FileNotFoundError(source)
        link_tree(source, target)

    monkeypatch.setattr(step_cache, "link_tree", evicted)
    assert bench.run() == "first"
    assert bench.worked == 2
