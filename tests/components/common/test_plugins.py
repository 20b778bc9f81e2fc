from pathlib import Path

import pytest

from components.common import plugins
from components.common.errors import ConfigError


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "sample_plugins"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "first.py").write_text("VALUE = 1\n")
    (folder / "second.py").write_text("raise RuntimeError('imported')\n")
    (folder / "_private.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "sample_plugins"


def test_files_are_the_registry_and_listing_imports_none(package: str) -> None:
    assert plugins.names(package) == ("first", "second")
    assert plugins.load(package, "first").VALUE == 1


@pytest.mark.parametrize("name", ["third", "_private", "os", "../first", "first.x"])
def test_unknown_name_lists_what_is_there(package: str, name: str) -> None:
    with pytest.raises(ConfigError, match="first, second"):
        plugins.load(package, name)
