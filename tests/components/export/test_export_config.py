"""Settings of export: ranges, and no heavy import to read them."""

import subprocess
import sys

import pytest

from components.common.config import from_json, load, to_json
from components.common.errors import ConfigError
from components.export.config import ExportConfig


def test_round_trip() -> None:
    settings = ExportConfig(tolerance=0.01, warmup_batch_sizes=(1, 4))
    assert from_json(ExportConfig, to_json(settings)) == settings


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tolerance", 0),
        ("decision_threshold", 1.5),
        ("decision_threshold", "half"),
        ("model_name", "../elsewhere"),
        ("warmup_batch_sizes", [0]),
        ("tolerence", 0.1),
    ],
)
def test_wrong_values_are_named(key: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"export.{key}"):
        load(ExportConfig, {key: value}, where="export")


def test_settings_and_wrappers_import_nothing_heavy() -> None:
    code = (
        "import sys, components.export.component, components.evaluate.component\n"
        "import components.export.config, components.evaluate.config\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'matplotlib', 'seaborn'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
