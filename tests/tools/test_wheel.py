"""The wheel, which is all that the container image gets of the repository."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("components", "graft", "pipelines", "serving")


@pytest.mark.slow
def test_all_that_lies_beside_the_code_is_in_the_wheel(tmp_path: Path) -> None:
    copy = tmp_path / "repository"
    for name in PACKAGES:
        # serving/models is where `make run` publishes.
        left_out = shutil.ignore_patterns("__pycache__", "models")
        shutil.copytree(REPOSITORY / name, copy / name, ignore=left_out)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, copy)
    wanted = {
        str(path.relative_to(copy))
        for name in PACKAGES
        for path in (copy / name).rglob("*")
        if path.is_file()
    }
    # As tools/build_image.sh builds it.
    words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    words += ["--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path / "dist"), "."]
    done = subprocess.run(words, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(next((tmp_path / "dist").glob("*.whl"))) as wheel:
        found = set(wheel.namelist())
    assert {"components/common/report/page.html", "components/common/report/page.css"} <= wanted
    assert wanted - found == set()
