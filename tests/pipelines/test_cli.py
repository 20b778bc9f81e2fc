import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from reference_pages import commands
from typer.testing import CliRunner

from components.common.errors import ConfigError
from pipelines.batch import import_beam
from pipelines.cli import app, main, options
from pipelines.cli.settings import choose, merged
from pipelines.config import TrainingRun, override, read_preset, resolve
from pipelines.dags.contexts import new_context
from pipelines.local import launch as launching

ROOT = Path(__file__).parents[2]


@pytest.fixture
def same_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo what `main` does to this process."""
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


SOLAR = ("--preset", "solar")
COMMANDS = dict(commands())


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_and_option_explains_itself(words: str) -> None:
    result = CliRunner().invoke(app, [*words.split(), "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output
    command = COMMANDS[words]
    assert re.match(r"[A-Z].*\.(\n|$)", command.help), command.help
    for parameter in command.params:
        assert parameter.help or parameter.name == "help", parameter.name


def test_the_overview_is_ordered_by_what_a_person_wants_to_do() -> None:
    output = CliRunner().invoke(app, ["--help"]).output
    panels = re.findall(r"─ (\w+) ─", output)
    assert panels == ["Options", "Train", "Serve", "Watch", "Kubernetes"]


@pytest.mark.parametrize(
    "words",
    ["serve", "label queue", "lineage", "predict", "audit sample", "audit report"],
)
def test_one_option_names_the_model(words: str) -> None:
    command: Any = typer.main.get_command(app)
    for word in words.split():
        command = command.commands[word]
    (option,) = [one for one in command.params if one.name == "model_name"]
    had_another = words.split()[0] in {"predict", "audit"}
    assert option.opts == ["--model-name", *["--model"] * had_another]


@pytest.mark.parametrize("words", COMMANDS)
def test_no_command_means_the_demo_unless_it_is_said(words: str) -> None:
    assert "solar" not in [one.default for one in COMMANDS[words].params]


class LaunchedError(Exception):
    pass


@pytest.mark.parametrize("command", ["run", "tune"])
@pytest.mark.parametrize(("words", "kept"), [((), "kept"), (("--no-cache",), None)])
def test_without_the_cache_nothing_is_kept(
    command: str,
    words: tuple[str, ...],
    kept: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def started(launch: launching.Launch, settings: TrainingRun, *_: Any, **__: Any) -> None:
        raise LaunchedError(launch, settings)

    monkeypatch.setattr(launching, "run_and_summarise", started)
    options = ["--data", str(tmp_path), "--cache-dir", str(tmp_path / "kept"), *words]
    result = CliRunner().invoke(app, [command, *options])
    assert isinstance(result.exception, LaunchedError), result.output
    launch, settings = result.exception.args
    context = new_context(
        settings, name="r", runs_dir=tmp_path, cache_dir=launch.cache_dir, data_sha256=""
    )
    assert context.cache_dir == (str(tmp_path / kept) if kept else "")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from pipelines.cli import app;"
        "CliRunner().invoke(app, ['--help']);"
        "heavy = {'tensorflow', 'keras', 'kfp', 'great_expectations', 'pandas', 'sklearn',"
        " 'matplotlib', 'dvc', 'apache_beam'} & set(sys.modules);"
        "print(sorted(heavy)); sys.exit(bool(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_the_pipeline_does_not_import_tensorflow() -> None:
    code = (
        "import sys; import pipelines.dags.training;"
        "sys.exit(bool({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "--preset", "lunar"), "expected a preset (classic, distillation, "),
        (("run", *SOLAR, "--set", "train.epoch=3"), "expected one of the known settings"),
        (("run", *SOLAR, "--set", "seed=many"), "seed: expected a valid integer"),
        (("run", "--data", "nowhere"), "expected a folder of pictures or a manifest.csv"),
        (("run", "here", "--data", "nowhere"), "expected one set of pictures"),
        (("run",), "type 'graft run FOLDER'"),
        (("run", *SOLAR), "the demo's come with 'make data'"),
        (("serve",), "expected the name of a model"),
        (("serve", "--model-name", "solar"), "expected a published version"),
        (("tune", "--preset", "lunar"), "expected a preset (classic, distillation, "),
        (("tune", *SOLAR, "--backbones", "resnet_900"), "expected one of the backbones"),
        (("tune", "--backbones", ","), "expected names separated by commas after --backbones"),
        (("tune", *SOLAR, "--sizes", "160,big"), "tune.rank.sizes_px.1: expected a valid integer"),
        (
            ("tune", *SOLAR, "--sizes", "8"),
            "tune.rank.sizes_px.0: expected greater than or equal to 16",
        ),
        (("tune", *SOLAR, "--methods", "magic"), "expected one of the methods"),
        (("tune", *SOLAR, "--budget-min", "0"), "tune.plan.budget_min: expected greater than 0"),
        (("tune", *SOLAR, "--set", "tune.plan.finalist=3"), "expected one of the known settings"),
        (("compile", "--pipeline", "all"), "is not one of 'training'"),
    ],
)
@pytest.mark.usefixtures("same_process")
def test_wrong_input_is_one_line_and_exit_code_2(
    words: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["graft", *words])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not list(tmp_path.glob("runs/*/steps/*"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "--preset", "lunar"), "expected a preset (classic, distillation, "),
        (("compile", "--pipeline", "all"), "is not one of 'training'"),
    ],
)
def test_a_process_of_its_own_says_so_without_a_traceback(
    words: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_it_says_its_version_and_completes_commands() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert re.fullmatch(r"graft \d+\.\d+\.\d+\n", result.output)
    asked = {
        "COMP_WORDS": "graft passport sh",
        "COMP_CWORD": "2",
        "_GRAFT_COMPLETE": "complete_bash",
    }
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from pipelines.cli import main; sys.argv = ['graft']; main()",
        ],
        env={**os.environ, **asked, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["show"], done.stderr


def test_backbones_are_listed_without_keras(tmp_path: Path) -> None:
    weights = tmp_path / "data" / "weights"
    weights.mkdir(parents=True)
    for name in ("mobilenet_v2_dogs.h5", "efficientnet_lite1.h5", "resnet_v2-101.keras", "x.txt"):
        (weights / name).touch()
    cached = tmp_path / "keras" / "models"
    cached.mkdir(parents=True)
    (cached / "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5").touch()
    code = (
        "import sys; from pipelines.cli import app; app(['backbones', '--json'],"
        " standalone_mode=False); sys.exit(bool({'keras', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "KERAS_HOME": str(tmp_path / "keras"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    at_hand = {name: row["files"] for name, row in rows.items() if row["files"]}
    assert at_hand == {
        "mobilenet_v2/1.0": ["data/weights/mobilenet_v2_dogs.h5"],
        "efficientnet_lite/1": ["data/weights/efficientnet_lite1.h5"],
        "resnet_v2/101": ["data/weights/resnet_v2-101.keras"],
        "resnet/50": [str(next(cached.iterdir()))],
    }
    assert rows["vgg16"] == {
        "name": "vgg16",
        "parameters": 14_714_688,
        "size_px": 224,
        "licence": "CC-BY-4.0",
        "files": [],
    }


def test_backbones_are_drawn() -> None:
    result = CliRunner().invoke(app, ["backbones"], terminal_width=200)
    assert result.exit_code == 0
    assert "keras_hub/PRESET" in result.output
    assert "348.1 M" in result.output


def test_without_beam_a_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    with pytest.raises(
        ConfigError, match=r"make install-dev', or: pip install 'graft-vision\[batch\]'"
    ):
        import_beam()


def test_the_folder_of_models_is_meant_from_where_the_user_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for base, assignments in ((Path("a/b"), []), (None, ["model_base_path=a/b"])):
        settings = choose("solar", model_base_path=base, assignments=assignments).run
        assert settings.deploy.model_base_path == str(tmp_path / "a" / "b")
    with pytest.raises(ConfigError, match="model_base_path"):
        choose("solar", assignments=["model_base_path="])


def test_flags_are_laid_over_a_preset_section_by_section() -> None:
    preset = {"tune": {"rank": {"weights": {"a": "x"}, "backbones": ["a"]}}, "monitor": None}
    flags = {"tune": {"rank": {"weights": {"b": "y"}, "backbones": ["b"]}}, "monitor": {"log": "l"}}
    assert merged(preset, flags) == {
        "tune": {"rank": {"weights": {"a": "x", "b": "y"}, "backbones": ["b"]}},
        "monitor": {"log": "l"},
    }
    assert preset["monitor"] is None
    assert merged({"monitor": 5}, {"monitor": {"log": "l"}}) == {"monitor": 5}


def test_the_setting_that_the_help_names_exists() -> None:
    (option,) = get_args(options.Assignments)[1:]
    (example,) = re.findall(r"--set (\S+)\.", option.help)
    resolve(override(read_preset("solar"), [example]))
