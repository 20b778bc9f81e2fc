"""Section `monitor` of a preset: what is looked at. Its parts stand in the rooms they belong to."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from components.common import plugins
from components.common.config import Section
from components.monitor.decide.config import PolicyConfig
from components.monitor.detect.config import DETECTORS, DetectConfig
from components.monitor.harm.config import HarmConfig


@dataclass(frozen=True, kw_only=True)
class MonitorConfig(Section):
    """Where the predictions are, and what is made of them.

    model_base_path, model_name: the served model; its newest version is watched.
    log: folder of the prediction log.
    pictures: a folder of pictures to look at instead of the log; "" looks at the log.
    audit: a filled-in folder of `graft audit sample`: the loss is measured, not estimated; ""
        without.
    window_h: how many hours of the log are looked at, back from now.
    silence_h: how long the log may be without a new record before the monitor counts as blind; 0
        goes by the hours in which records came a week before.
    additions: the table of pictures that were labelled later (`graft data add`), with the columns
        sha256 and added_unix_s; "" when there is none.
    seed: of permutations and bootstraps.
    detect: which detectors look, and how often they may be wrong.
    harm: how the loss of accuracy is estimated.
    policy: what follows from it.
    """

    model_base_path: str = ""
    model_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = "model"
    log: str = ".graft/predictions"
    pictures: str = ""
    audit: str = ""
    window_h: Annotated[float, Field(gt=0)] = 168.0
    silence_h: Annotated[float, Field(ge=0)] = 0.0
    additions: str = ""
    seed: Annotated[int, Field(ge=0)] = 0
    detect: DetectConfig = DetectConfig()
    harm: HarmConfig = HarmConfig()
    policy: PolicyConfig = PolicyConfig()


def check(settings: MonitorConfig) -> None:
    """Refuse detectors that there are none of, before anything runs."""
    for name in settings.detect.detectors:
        plugins.check(DETECTORS, name)
