"""The settings shown in docs/how-to/deploying.md are settings."""

import re
from pathlib import Path

import yaml

from components.common import config
from components.deploy.config import DeployConfig
from components.gate.config import GateConfig

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "deploying.md"


def test_the_shown_settings_are_accepted() -> None:
    blocks = [
        yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.S)
    ]
    gate = next(block["gate"] for block in blocks if "gate" in block)
    deploy = next(block for block in blocks if "deploy" in block)
    shared = {name: deploy[name] for name in ("model_name", "model_base_path")}

    assert len(config.load(GateConfig, gate).thresholds) == 2
    assert config.load(DeployConfig, {**shared, **deploy["deploy"]}).keep_versions == 3
