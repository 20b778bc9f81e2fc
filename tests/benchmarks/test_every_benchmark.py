"""Every benchmark can be started: nothing that it imports has moved, and it says how it is used."""

import importlib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FILES = sorted(file for file in (ROOT / "benchmarks").rglob("*.py") if file.stem != "__init__")
# What only some benchmarks need, and the locked environment does not have.
NOT_LOCKED = {"timm", "torch"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_it_imports_and_shows_its_help(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in NOT_LOCKED:
            raise
        pytest.skip(f"{error.name} is not installed")
    if ".parse_args(" not in file.read_text():
        return
    monkeypatch.setattr("sys.argv", [name, "--help"])
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == 0
    assert "usage:" in capsys.readouterr().out
