"""The wheel: all that the container image, and whoever installs Graft, gets of the repository."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from local_runs import SETTINGS

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("components", "graft", "pipelines", "serving")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def run(
    words: Sequence[str | Path], cwd: Path, **environment: str
) -> "subprocess.CompletedProcess[str]":
    known = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=known | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a wheel is built from."""
    copy = tmp_path_factory.mktemp("built") / "repository"
    for name in PACKAGES:
        shutil.copytree(
            REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    # Where `make run` publishes.
    shutil.rmtree(copy / "serving" / "models", ignore_errors=True)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, copy)
    return copy


@pytest.fixture(scope="module")
def files(repository: Path) -> set[str]:
    """The files beside the code, before building adds others."""
    return {
        str(path.relative_to(repository))
        for name in PACKAGES
        for path in (repository / name).rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def wheel(repository: Path, files: set[str]) -> Path:
    # As tools/build_image.sh builds it.
    words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    words += ["--no-deps", "--no-build-isolation", "--wheel-dir", "dist", "."]
    done = run(words, repository)
    assert done.returncode == 0, done.stdout + done.stderr
    return next((repository / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def graft(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in an environment of its own, which borrows the libraries of this one."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    words = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    done = run([*words, "--disable-pip-version-check", "--no-deps", "--no-index", wheel], home)
    assert done.returncode == 0, done.stdout + done.stderr
    (site,) = home.glob("lib/python*/site-packages")
    # A path in such a file is added as it is, without the editable install that it may hold.
    (site / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"])
    # It lies in a project of the user's, whose commits say nothing of Graft.
    for words in ("init", "-c user.name=A -c user.email=a@b commit --allow-empty --message=c"):
        assert run(["git", *words.split()], home).returncode == 0
    return home / "bin" / "graft"


def test_all_that_lies_beside_the_code_is_in_the_wheel(files: set[str], wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        found = set(archive.namelist())
    assert {"components/common/report/page.html", "components/common/report/page.css"} <= files
    assert files - found == set()


def test_it_runs_in_a_folder_with_packages_of_the_same_names(
    graft: Path, tiny_pictures: Path, tmp_path: Path
) -> None:
    """Steps, warm parent, server and kfp's runner: none of them looks where the user stands."""
    for name in (*PACKAGES, "kfp", "numpy"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('a stranger')")
    shutil.copytree(tiny_pictures, tmp_path / "My pictures")

    said = run([graft, "--version"], tmp_path)
    assert said.stdout.startswith("graft 0."), said.stderr
    assert run([graft, "init", "My pictures"], tmp_path).returncode == 0
    changes = [word for text in SETTINGS[1:] for word in ("--set", text)]
    done = run([graft, "run", *changes], tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "serving" / "models" / "my-pictures" / "1" / "saved_model.pb").is_file()
    assert "asked of version 1" in done.stdout
    shown = run([graft, "passport", "show"], tmp_path)
    assert "my-pictures version 1" in shown.stdout, shown.stderr
    # The user's folder is no clone of Graft.
    assert "commit unknown" in shown.stdout
    log = (tmp_path / "runs" / "latest" / "kfp.log").read_text()
    assert "no warm start" not in log
