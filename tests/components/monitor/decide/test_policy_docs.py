"""docs/how-to/retraining.md and docs/explanation/policy-year.md say what the policy does."""

import re
from pathlib import Path

import yaml
from policy_cases import eventful, live_through, table

from components.common import config
from components.monitor.decide.config import PolicyConfig
from components.monitor.decide.policy import RULES

DOCS = Path("docs/how-to/retraining.md").read_text()
YEAR = Path("docs/explanation/policy-year.md").read_text()


def test_the_year_on_the_page_is_the_year_as_lived() -> None:
    documented = YEAR.partition("<!-- year -->\n")[2].partition("\n<!-- /year -->")[0]
    assert documented == table(live_through(eventful, PolicyConfig()))


def test_the_guide_lists_the_rules_in_their_order() -> None:
    section = DOCS.partition("## The rules")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [rule.__name__ for rule in RULES]


def test_the_settings_in_the_guide_are_settings() -> None:
    example = DOCS.partition("```yaml\n")[2].partition("```")[0]
    policy = yaml.safe_load(example)["monitor"]["policy"]
    config.load(PolicyConfig, policy, where="monitor.policy")
    for name in re.findall(r"`(\w+_\w+)`", DOCS.partition("## Silence")[0]):
        known = {*PolicyConfig.__dataclass_fields__, *(rule.__name__ for rule in RULES)}
        assert name in known | {"fix_camera"}, name
