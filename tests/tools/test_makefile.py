"""What `make` installs when, with a stand-in for the installer."""

import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
INSTALLER = 'mkdir -p "$VENV"; echo "$1" >>installed\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(REPOSITORY / name, tmp_path)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "install.sh").write_text(INSTALLER)
    return tmp_path


def installed(project: Path, *targets: str) -> list[str]:
    log = project / "installed"
    log.unlink(missing_ok=True)
    for target in targets:
        subprocess.run(
            ["make", "-s", target], cwd=project, check=True, env={"PATH": "/usr/bin:/bin"}
        )
    return log.read_text().split() if log.exists() else []


def test_a_run_after_the_whole_installation_installs_nothing(project: Path) -> None:
    assert installed(project, "install-dev", "install", "install-dev") == ["requirements-dev.lock"]


def test_the_rest_comes_after_a_run(project: Path) -> None:
    found = installed(project, "install", "install", "install-dev")
    assert found == ["requirements.lock", "requirements-dev.lock"]
    assert installed(project, "install", "install-dev") == []


@pytest.mark.parametrize(
    "target", ["test", "check", "docs", "bench", "bench-gpu", "mutants", "repeats"]
)
def test_what_tests_and_measures_installs_all(project: Path, target: str) -> None:
    words = ["make", "-n", target]
    done = subprocess.run(words, cwd=project, check=True, capture_output=True, text=True)
    assert "install.sh requirements-dev.lock" in done.stdout


@pytest.mark.parametrize("target", ["run", "data", "serve", "compile", "image"])
def test_what_runs_installs_what_a_run_needs(project: Path, target: str) -> None:
    words = ["make", "-n", target]
    done = subprocess.run(words, cwd=project, check=True, capture_output=True, text=True)
    assert "install.sh requirements.lock" in done.stdout
    assert "requirements-dev.lock" not in done.stdout
